//! Prerequisites of mail by SES.

use serde_json::Value;

use super::check::Check;
use crate::aws_cli::AwsCli;
use crate::error::CliError;

pub(super) async fn mail(aws: &AwsCli, region: &str, from: Option<&str>) -> Result<Vec<Check>, CliError> {
    let Some(from) = from else {
        return Ok(vec![Check::wrong(
            "sender",
            "nothing says who sends the mails",
            "Name an address that SES has verified with --mail-from.",
        )]);
    };
    let account = match aws.json(&["sesv2", "get-account"]).await {
        Ok(account) => account,
        // STS answered in this region before, so only SES is missing.
        Err(failure) if failure.to_string().contains("does not answer at") => {
            return Ok(vec![Check::wrong(
                "SES",
                format!("there is no SES in {region}"),
                "Choose a region that has it with --region, or a relay with --parameter MailTransport=smtp and SmtpEndpoint.",
            )]);
        }
        Err(failure) => return Err(failure),
    };
    let mut identities = Vec::new();
    for name in identities_of(from) {
        let found = aws.find(&["sesv2", "get-email-identity", "--email-identity", name]).await?;
        identities.extend(found.map(|found| (name, found)));
    }
    Ok(vec![identity(from, &identities), sandbox(&account)])
}

/// The configuration set that the parameter names.
pub(super) async fn configuration_set(aws: &AwsCli, name: &str) -> Result<Check, CliError> {
    let get = ["sesv2", "get-configuration-set", "--configuration-set-name", name];
    Ok(match aws.find(&get).await? {
        Some(_) => Check::good("SES", format!("the configuration set {name}")),
        None => Check::wrong(
            "SES",
            format!("SES has no configuration set {name}, so it would send no mail"),
            "Name another with --parameter ConfigurationSet, or none: ConfigurationSet= and MailEvents=yes for one of the stack's own.",
        ),
    })
}

/// The identities that let SES send from an address: itself, its domain, and the domains above it.
/// <https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>
pub(super) fn identities_of(from: &str) -> Vec<&str> {
    let mut names = vec![from];
    let mut domain = from.rsplit('@').next().unwrap_or_default();
    while let Some((_, above)) = domain.split_once('.') {
        names.push(domain);
        domain = above;
    }
    names
}

pub(super) fn identity(from: &str, identities: &[(&str, Value)]) -> Check {
    let verified = identities.iter().find(|(_, identity)| identity["VerifiedForSendingStatus"] == true);
    if let Some((name, identity)) = verified {
        // SES applies the identity's configuration set to each mail, and the sender needs a permission for it.
        return match identity["ConfigurationSetName"].as_str() {
            Some(set) => Check::good("sender", format!("{from}, by {name} with the configuration set {set}")),
            None => Check::good("sender", format!("{from}, by {name}")),
        };
    }
    let domain = from.rsplit('@').next().unwrap_or_default();
    match identities {
        [] => Check::wrong(
            "sender",
            format!("SES knows neither {from} nor {domain}"),
            format!(
                "Run aws sesv2 create-email-identity --email-identity {domain} and set the DNS records that it names."
            ),
        ),
        [(name, _), ..] => Check::wrong(
            "sender",
            format!("SES has not verified {name} yet, so {from} cannot send"),
            format!("Set the DNS records of {name}, or follow the link in the mail from AWS, and try again."),
        ),
    }
}

pub(super) fn sandbox(account: &Value) -> Check {
    if account["SendingEnabled"] != true || account["EnforcementStatus"] == "SHUTDOWN" {
        return Check::wrong(
            "SES",
            "SES has stopped this account from sending",
            "See the reason in the SES console.",
        );
    }
    let quota = account["SendQuota"]["Max24HourSend"].as_f64().unwrap_or_default();
    if account["ProductionAccessEnabled"] == true {
        Check::good("SES", format!("{quota:.0} mails a day"))
    } else {
        Check::note(
            "SES",
            format!("SES is in the sandbox: {quota:.0} mails a day, to verified addresses only"),
            "Ask for production access: aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url URL",
        )
    }
}
