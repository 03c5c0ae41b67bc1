//! The command line as a document.

use clap::{Arg, ArgAction, Command};
use std::fmt::Write as _;

/// The whole command line as Markdown.
pub(crate) fn markdown(mut command: Command) -> String {
    command.build();
    let mut text = String::from("# The command line\n\n<!-- Made by `decnet help-markdown`. -->\n");
    section(&command, "decnet", &mut text);
    text
}

fn section(command: &Command, path: &str, text: &mut String) {
    let about = command.get_long_about().or_else(|| command.get_about());
    let _ = writeln!(text, "\n## `{path}`\n");
    if let Some(about) = about {
        let _ = writeln!(text, "{}\n", escape(&about.to_string()));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let _ = writeln!(text, "```text\n{usage}\n```");
    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| {
            !argument.is_hide_set() && !BUILT_IN.contains(&argument.get_id().as_str())
        })
        .collect();
    if !arguments.is_empty() {
        text.push_str("\n| argument | meaning |\n|---|---|\n");
        for argument in arguments {
            let _ = writeln!(text, "| {} | {} |", name(argument), meaning(argument));
        }
    }
    for inner in command.get_subcommands() {
        if !inner.is_hide_set() && inner.get_name() != "help" {
            section(inner, &format!("{path} {}", inner.get_name()), text);
        }
    }
}

fn name(argument: &Arg) -> String {
    let mut names = Vec::new();
    if let Some(short) = argument.get_short() {
        names.push(format!("-{short}"));
    }
    if let Some(long) = argument.get_long() {
        names.push(format!("--{long}"));
    }
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values: Vec<String> = match argument.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect(),
        None => vec![argument.get_id().as_str().to_uppercase()],
    };
    if names.is_empty() {
        return format!("`<{}>`", values.join("> <")).replace('|', "\\|");
    }
    let mut name = names.join(", ");
    if takes_value {
        let _ = write!(name, " <{}>", values.join("> <"));
    }
    format!("`{name}`").replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value && !defaults.is_empty() {
        let _ = write!(text, " [default: {}]", defaults.join(", "));
    }
    let values: Vec<String> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_value && !values.is_empty() {
        let _ = write!(text, " [one of: {}]", values.join(", "));
    }
    escape(&text).replace('|', "\\|").replace('\n', " ")
}

fn escape(text: &str) -> String {
    text.replace('<', "\\<").replace('*', "\\*")
}

/// What every command has.
const BUILT_IN: &[&str] = &["help", "version", "verbose"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn every_command_is_in_the_document() {
        let document = markdown(Cli::command());
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(document.contains(&format!("## `decnet {}`\n", command.get_name())));
        }
    }
}
