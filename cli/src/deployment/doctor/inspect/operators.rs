//! Messages to the operators: alarms, subscriptions of the topic, and events of mails.

use serde_json::{Value, json};

use super::{Found, Inspection};
use crate::deployment::deployed::DeployedResource;
use crate::deployment::doctor::check::{Check, Differences};

/// Properties with the same name and form in the template and in the answer.
const COMPARED: [&str; 7] =
    ["MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "Threshold", "AlarmActions"];

impl Inspection<'_> {
    /// All alarms by one call.
    pub(super) async fn alarms(&self) -> Found {
        let about = "alarms";
        let ours = || self.stack.resources().iter().filter(|one| one.kind == "AWS::CloudWatch::Alarm");
        let names: Vec<&str> = ours().map(|one| one.id.as_str()).collect();
        if names.is_empty() {
            return Ok(vec![Check::note(
                about,
                "the stack has no alarms",
                "Without them, failures that no worker can report stay unnoticed. Switch them on: countersign deploy --parameter Alarms=yes.",
            )]);
        }
        let describe = ["cloudwatch", "describe-alarms", "--alarm-names"];
        let found = self.aws.json(&[&describe[..], &names].concat()).await?;
        let found = found["MetricAlarms"].as_array().cloned().unwrap_or_default();
        let of = |name: &str| found.iter().find(|alarm| alarm["AlarmName"] == name);
        Ok(ours().flat_map(|one| self.alarm(about, one, of(&one.id))).collect())
    }

    fn alarm(&self, about: &'static str, one: &DeployedResource, found: Option<&Value>) -> Vec<Check> {
        let Some(found) = found else { return vec![self.gone(about, one, "")] };
        let name = &one.id;
        let mut checks = Vec::new();
        if found["ActionsEnabled"] == false {
            checks.push(Check::wrong(
                about,
                format!("{} tells nobody: its actions are disabled", one.name),
                format!("Enable them: aws cloudwatch enable-alarm-actions --alarm-names {name}."),
            ));
        }
        let mut differences = Differences::default();
        for property in COMPARED {
            let expected = self.stack.property(one, property);
            // 240 and 240.0 are the same threshold.
            let found = match found[property].as_f64().filter(|number| number.fract() == 0.0) {
                #[allow(clippy::cast_possible_truncation)]
                Some(number) => json!(number as i64),
                None => found[property].clone(),
            };
            differences.compare(property, expected.as_ref(), &found);
        }
        if !differences.is_empty() {
            let found = format!("{}: {}", one.name, differences.joined());
            checks.push(Check::wrong(
                about,
                found,
                "Deploying again does not change it. Set it back in the CloudWatch console.",
            ));
        }
        if found["StateValue"] == "ALARM" {
            checks.push(Check::note(
                about,
                format!("{} is in ALARM", one.name),
                format!("See {} in docs/operations/alarms.md.", one.name),
            ));
        }
        checks
    }

    pub(super) async fn subscriptions(&self, about: &'static str, topic: &DeployedResource) -> Found {
        let list = ["sns", "list-subscriptions-by-topic", "--topic-arn", &topic.id];
        let Some(found) = self.aws.find(&list).await? else {
            return Ok(vec![self.gone(about, topic, "")]);
        };
        let all = found["Subscriptions"].as_array().cloned().unwrap_or_default();
        let email = self.stack.parameter("OperatorsEmail");
        let again = format!(
            "aws sns subscribe --topic-arn {} --protocol email --notification-endpoint {email}",
            topic.id
        );
        let of = all.iter().find(|one| one["Endpoint"] == email);
        Ok(match of.map(|one| one["SubscriptionArn"].as_str().unwrap_or_default()) {
            _ if email.is_empty() && all.is_empty() => vec![Check::note(
                about,
                "the operators' topic has no subscription",
                "Messages about failures reach no operator. Subscribe: countersign deploy --operators-email ADDRESS.",
            )],
            _ if email.is_empty() => Vec::new(),
            Some(arn) if arn.starts_with("arn:") => Vec::new(),
            Some(_) if self.emulated => Vec::new(),
            Some(_) => vec![Check::wrong(
                about,
                format!(
                    "{email} has not confirmed the subscription to the operators' topic, and gets no messages"
                ),
                format!("Follow the link in the mail from AWS; another mail: {again}."),
            )],
            None => vec![Check::wrong(
                about,
                format!("{email} is not subscribed to the operators' topic any more"),
                format!("Subscribe it again: {again}."),
            )],
        })
    }

    pub(super) async fn mail_events(&self, about: &'static str, one: &DeployedResource) -> Found {
        let get = ["sesv2", "get-configuration-set-event-destinations", "--configuration-set-name", &one.id];
        let Some(found) = self.aws.find(&get).await? else {
            let again = format!("aws sesv2 create-configuration-set --configuration-set-name {}", one.id);
            return Ok(vec![self.gone(about, one, &again)]);
        };
        let destinations = found["EventDestinations"].as_array().cloned().unwrap_or_default();
        if destinations.iter().any(|one| one["Enabled"] == true && one["SnsDestination"].is_object()) {
            return Ok(Vec::new());
        }
        Ok(vec![Check::wrong(
            about,
            format!("the configuration set {} reports no bounces: it has no enabled destination", one.id),
            "Set it back in the SES console, or deploy with MailEvents=no and then with MailEvents=yes.",
        )])
    }
}
