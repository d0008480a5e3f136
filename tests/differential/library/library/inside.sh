#!/bin/sh
cat <<'END' | sed 's/, "_ansible_check_mode.*/}}/'
{"changed": true, "given": <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>}
END
