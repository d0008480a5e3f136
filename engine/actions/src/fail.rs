//! `ansible.builtin.fail`: end the host with a message.

use rustible_executor::Failure;
use rustible_protocol::{Kind, Value};

use crate::spec::{With, action, field, result, spec};

action!(
    Fail,
    spec(
        "ansible.builtin.fail",
        "Fail with a message.",
        vec![field("msg", Kind::Raw, "What to say.").or("Failed as requested from task")],
    ),
    strict = true,
    |context| {
        let message = context.args.get("msg").filter(|m| !m.is_null()).cloned();
        let message = message.unwrap_or_else(|| Value::from("Failed as requested from task"));
        Err(Failure::Result(result([("msg", message)])))
    }
);
