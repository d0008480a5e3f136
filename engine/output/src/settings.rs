//! What changes the text of callbacks.

/// `callback_result_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultFormat {
    /// One line, or indented where that is asked for.
    #[default]
    Json,
    /// A block of YAML under the line.
    Yaml,
}

/// Settings of the callbacks, with the reference's defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Number of `-v`.
    pub verbosity: u8,
    /// `--check` was given.
    pub check: bool,
    /// `callback_format_pretty`.
    pub pretty: Option<bool>,
    /// `callback_result_format`.
    pub format: ResultFormat,
    /// Columns of a line of YAML; negative for never broken, nothing for 80 (`callback_result_yaml_line_width`).
    pub yaml_width: Option<i32>,
    /// `callback_result_indentation`.
    pub indentation: usize,
    /// `display_ok_hosts`.
    pub ok_hosts: bool,
    /// `display_skipped_hosts`.
    pub skipped_hosts: bool,
    /// `display_included_hosts`.
    pub included_hosts: bool,
    /// `display_failed_stderr`.
    pub failed_stderr: bool,
    /// `display_args_to_stdout`.
    pub args: bool,
    /// `show_task_path_on_failure`.
    pub path_on_failure: bool,
    /// `show_per_host_start`.
    pub host_start: bool,
    /// `show_custom_stats`.
    pub custom_stats: bool,
    /// `json_indent`: blanks a level of JSON callbacks; nothing for one line.
    pub json_indent: Option<usize>,
    /// `check_mode_markers`.
    pub check_markers: bool,
    /// Lines of context of differences.
    pub diff_context: usize,
    /// `deprecation_warnings`.
    pub deprecations: bool,
    /// `system_warnings` and the like.
    pub warnings: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            verbosity: 0,
            check: false,
            pretty: None,
            format: ResultFormat::Json,
            yaml_width: None,
            indentation: 4,
            ok_hosts: true,
            skipped_hosts: true,
            included_hosts: true,
            failed_stderr: false,
            args: false,
            path_on_failure: false,
            host_start: false,
            custom_stats: false,
            json_indent: Some(4),
            check_markers: false,
            diff_context: 3,
            deprecations: true,
            warnings: true,
        }
    }
}
