//! Checks of parameters by the constraints of the template, and errors of AWS about parameters in the template's words.

use regex_lite::Regex;

use super::Parameters;
use super::template::StackTemplate;
use crate::error::CliError;

/// Fails if the template does not allow the value of a parameter.
pub(super) fn refuse_bad_values(template: &StackTemplate, named: &Parameters) -> Result<(), CliError> {
    for (name, lines) in template.entries("Parameters") {
        let Some(value) = named.value(name) else { continue };
        let Some(allowed) = broken(&lines, value) else { continue };
        return Err(CliError::new(
            format!("the parameter {name} has to be {allowed}, and is \"{value}\""),
            "Nothing was built or changed. Correct the value and run the command again.",
        ));
    }
    Ok(())
}

/// The text after the name of a field, on the same line.
fn field<'a>(lines: &[&'a str], name: &str) -> Option<&'a str> {
    let heading = format!("    {name}:");
    lines.iter().find_map(|line| line.strip_prefix(&heading)).map(str::trim)
}

/// A scalar of YAML as the template writes it: plain or in quotes.
fn scalar(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// The constraint that the value breaks, in words; `None` if the value is allowed.
fn broken(lines: &[&str], value: &str) -> Option<String> {
    if let Some(list) = field(lines, "AllowedValues") {
        let all: Vec<&str> = list.trim_matches(['[', ']']).split(',').map(scalar).collect();
        return (!all.contains(&value)).then(|| format!("one of {}", all.join(", ")));
    }
    if let Some(pattern) = field(lines, "AllowedPattern") {
        // CloudFormation checks a pattern that this crate cannot parse.
        let whole = Regex::new(&format!("^(?:{})$", scalar(pattern))).ok()?;
        let described = field(lines, "ConstraintDescription").map_or_else(|| scalar(pattern), scalar);
        return (!whole.is_match(value)).then(|| described.to_owned());
    }
    if field(lines, "Type") != Some("Number") {
        return None;
    }
    let limit = |name: &str| field(lines, name).and_then(|text| text.parse::<f64>().ok());
    let (least, most) = (limit("MinValue"), limit("MaxValue"));
    let number: Option<f64> = value.parse().ok();
    let fits = number.is_some_and(|number| {
        least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
    });
    (!fits).then(|| match (least, most) {
        (Some(least), Some(most)) => format!("a number from {least} to {most}"),
        (Some(least), None) => format!("a number of at least {least}"),
        _ => "a number".into(),
    })
}

/// Turns a failure that names a rule or a parameter of the template into the template's words.
pub(super) fn explain(template: &StackTemplate, failure: CliError) -> CliError {
    let said = failure.to_string();
    let words: Vec<&str> = said.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let advice = "Nothing of the stack was changed.";
    for (name, lines) in template.entries("Rules") {
        if words.contains(&name) || asserted(&lines).any(|text| said.contains(text)) {
            let told: Vec<&str> = asserted(&lines).filter(|text| said.contains(text)).collect();
            let told = if told.is_empty() { asserted(&lines).collect() } else { told };
            return CliError::new(told.join("; "), advice);
        }
    }
    if !said.contains("ValidationError") {
        return failure;
    }
    for (name, lines) in template.entries("Parameters") {
        if let Some(allowed) = field(&lines, "ConstraintDescription").map(scalar)
            && words.contains(&name)
            && said.contains(allowed)
        {
            return CliError::new(format!("the parameter {name} has to be {allowed}"), advice);
        }
    }
    failure
}

/// The descriptions of a rule's assertions.
fn asserted<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    lines.iter().filter_map(|line| line.trim().strip_prefix("AssertDescription:")).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    fn template() -> StackTemplate {
        StackTemplate::read(&checkout::repository()).unwrap()
    }

    fn told(name: &str, value: &str) -> String {
        let others = vec![(name.to_owned(), value.to_owned())];
        let named =
            Parameters { mail_from: None, operators_email: None, others, yes_few_environments: false };
        refuse_bad_values(&template(), &named).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn a_value_outside_of_the_templates_limits_is_refused_in_its_words() {
        for (name, value, expected) in [
            ("MailFrom", "nobody", "MailFrom has to be one plain e-mail address, and is \"nobody\""),
            ("Architecture", "arm", "Architecture has to be one of arm64, x86_64"),
            ("MailEvents", "true", "one of yes, no"),
            ("LogRetentionDays", "2", "one of 1, 3, 5"),
            ("VisibilityTimeout", "5", "a number from 30 to 43200"),
            ("ThrottleRate", "0", "a number of at least 1"),
            ("ThrottleRate", "many", "a number of at least 1"),
            ("DomainName", "Ca.Example.com", "a domain name in small letters, or empty"),
            ("SmtpEndpoint", "relay:25", "smtp:// or smtps:// with a host and a port, or empty"),
        ] {
            assert!(told(name, value).contains(expected), "{name}={value}: {}", told(name, value));
        }
    }

    #[test]
    fn every_default_is_allowed_and_every_constraint_is_read() {
        let template = template();
        for (name, default) in template.defaults() {
            assert_eq!(told(name, default), "", "{name}={default}");
        }
        for (name, lines) in template.entries("Parameters") {
            let limited = ["AllowedValues", "AllowedPattern", "MinValue"];
            if limited.iter().any(|field| super::field(&lines, field).is_some()) {
                assert_ne!(told(name, "\u{1}"), "", "{name}");
            }
        }
    }

    #[test]
    fn words_of_aws_about_rules_and_parameters_are_those_of_the_template() {
        let told = |said: &str| explain(&template(), CliError::new(said, "")).to_string();
        let rule = "Uploading to 123 / 100295.0 (100.00%) An error occurred (ValidationError) when calling the CreateChangeSet operation: rule SmtpNeedsARelay failed";
        assert_eq!(told(rule), "MailTransport smtp needs SmtpEndpoint. Nothing of the stack was changed.");
        let described = "An error occurred (ValidationError) when calling the CreateChangeSet operation: Template error: a private API has no DomainName";
        assert_eq!(told(described), "a private API has no DomainName. Nothing of the stack was changed.");
        let parameter = "An error occurred (ValidationError) when calling the CreateChangeSet operation: Parameter 'MailFrom' one plain e-mail address";
        assert!(told(parameter).starts_with("the parameter MailFrom has to be one plain e-mail address."));
        let other = "An error occurred (ValidationError) when calling x: MailFrom is missing";
        assert_eq!(told(other), other);
    }
}
