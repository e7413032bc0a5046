//! The stage of the API, the schedules, and the state machine.

use serde_json::json;

use super::{Found, Inspection};
use crate::checkout;
use crate::deployment::deployed::{DeployedResource, time_of};
use crate::deployment::doctor::check::{Check, Differences};
use crate::deployment::template::{StackTemplate, is_in_the_snapshot};

impl Inspection<'_> {
    pub(super) async fn stage(&self, about: &'static str, one: &DeployedResource) -> Found {
        let Some(api) = self.stack.referred(one, "RestApiId") else { return Ok(Vec::new()) };
        let get = ["apigateway", "get-stage", "--rest-api-id", &api.id, "--stage-name", &one.id];
        let Some(found) = self.aws.find(&get).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let Some(deployment) = self.stack.referred(one, "DeploymentId") else { return Ok(Vec::new()) };
        if found["deploymentId"] != deployment.id.as_str() {
            return Ok(vec![Check::wrong(
                about,
                format!(
                    "the stage {} serves the deployment {}, not the stack's {}: its networks and methods may differ from the template",
                    one.id,
                    found["deploymentId"].as_str().unwrap_or("(unknown)"),
                    deployment.id
                ),
                format!(
                    "Point it back: aws apigateway update-stage --rest-api-id {} --stage-name {} --patch-operations op=replace,path=/deploymentId,value={}.",
                    api.id, one.id, deployment.id
                ),
            )]);
        }
        let get =
            ["apigateway", "get-deployment", "--rest-api-id", &api.id, "--deployment-id", &deployment.id];
        let Some(snapshot) = self.aws.find(&get).await? else {
            return Ok(vec![self.gone(about, deployment, "")]);
        };
        let made = time_of(&snapshot["createdDate"]);
        let later = self.stack.resources().iter().find(|one| {
            is_in_the_snapshot(&one.kind)
                && made.zip(one.changed).is_some_and(|(made, changed)| made < changed)
        });
        // The name of the deployment has the hash of the API's definition. If it is the present one, the deployment is right, even if
        // a failed update touched the API after it.
        match later {
            Some(changed) if !self.is_named_by_content(&deployment.name) => Ok(vec![Check::wrong(
                about,
                format!(
                    "the stage {} is older than the API: {} was changed after the deployment {}, so its networks and methods may not be in force",
                    one.id, changed.name, deployment.id
                ),
                "Run countersign deploy: it publishes the API under a new deployment.",
            )]),
            _ => Ok(Vec::new()),
        }
    }

    fn is_named_by_content(&self, deployment: &str) -> bool {
        StackTemplate::read(&checkout::repository()).is_ok_and(|template| {
            template.api_deployment(&|name| Some(self.stack.parameter(name).to_owned())) == deployment
        })
    }

    pub(super) async fn schedule(&self, about: &'static str, one: &DeployedResource) -> Found {
        let Some(found) = self.aws.find(&["scheduler", "get-schedule", "--name", &one.id]).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let mut differences = Differences::default();
        differences.compare("State", Some(&json!("ENABLED")), &found["State"]);
        let expected = self.stack.property(one, "ScheduleExpression");
        differences.compare("ScheduleExpression", expected.as_ref(), &found["ScheduleExpression"]);
        Ok(self.differing(about, &format!("the schedule {}", one.id), &differences,
            "Housekeeping does not run on time. Set the schedule back in the console of EventBridge Scheduler. An interrupted countersign destroy leaves it disabled."))
    }

    pub(super) async fn rule(&self, about: &'static str, one: &DeployedResource) -> Found {
        let Some(found) = self.aws.find(&["events", "describe-rule", "--name", &one.id]).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let mut differences = Differences::default();
        differences.compare("State", Some(&json!("ENABLED")), &found["State"]);
        Ok(self.differing(
            about,
            &format!("the rule {}", one.id),
            &differences,
            &format!("Set it back: aws events enable-rule --name {}.", one.id),
        ))
    }

    pub(super) async fn state_machine(&self, about: &'static str, one: &DeployedResource) -> Found {
        let get = ["stepfunctions", "describe-state-machine", "--state-machine-arn", &one.id];
        let Some(found) = self.aws.find(&get).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let mut differences = Differences::default();
        differences.compare("status", Some(&json!("ACTIVE")), &found["status"]);
        let expected = self.stack.property(one, "RoleArn");
        differences.compare("roleArn", expected.as_ref(), &found["roleArn"]);
        Ok(self.differing(about, &one.name, &differences, "Set it back in the console of Step Functions."))
    }

    fn differing(
        &self,
        about: &'static str,
        what: &str,
        differences: &Differences,
        advice: &str,
    ) -> Vec<Check> {
        if differences.is_empty() {
            return Vec::new();
        }
        vec![Check::wrong(about, format!("{what}: {}", differences.joined()), advice)]
    }
}
