//! Measurements: submissions, outcomes of requests, time taken by people and by workers, remaining validity of the CA
//! certificate.
//!
//! One line of JSON in CloudWatch's embedded metric format, independent of `COUNTERSIGN_LOG`; needs no API call.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Invariant: a line has the stack's name, an outcome and numbers, no id, address or name. Each metric with its
//! dimensions costs $0.30 a month, so there are exactly [`SERIES`] (docs/costs.md). A measurement is lost if a worker
//! dies right after its write, and never duplicate: metrics show trends, the table has exact numbers.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::Status;
use crate::wire_names;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Countersign";
/// The number of metrics of one stack in CloudWatch, if each is written every hour.
pub const SERIES: u32 = 10;

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A request was submitted; not for a replay. Metric `Submissions`.
    Submitted,
    /// A request ended. Metric `Requests`, in each [`RequestOutcome`].
    Ended(RequestOutcome),
    /// The approvers decided; the time since the request was accepted. Metric `SecondsToDecision`.
    Decided(Duration),
    /// The certificate was mailed; the time since the decision. Metric `SecondsToCertificate`.
    Delivered(Duration),
    /// Housekeeping ended; the remaining validity of the CA's certificate. Metric `CaDaysLeft`; 0 without a CA.
    CaLeft(Duration),
    /// Every six hours: the number of certificates that end within the longest reminder. Metric `CertificatesExpiring`.
    Expiring(usize),
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// A certificate was delivered.
    Delivered,
    /// The policy does not allow it.
    Refused,
    /// An approver rejected it, or the requester withdrew it.
    Rejected,
    /// The approval period ended without a decision.
    Expired,
    /// An error stopped the flow.
    Failed,
}

impl RequestOutcome {
    /// The outcome of a change of status; `None` if the change did not end the request, or the request had ended
    /// before.
    pub fn between(before: Status, after: Status) -> Option<Self> {
        if before == after { None } else { Self::of(after) }
    }

    /// The outcome for a status; `None` if the request has not ended.
    fn of(status: Status) -> Option<Self> {
        match status {
            Status::Delivered => Some(Self::Delivered),
            Status::Refused => Some(Self::Refused),
            // One series for both: a series costs money, and the table tells them apart.
            Status::Rejected | Status::Withdrawn => Some(Self::Rejected),
            Status::Expired => Some(Self::Expired),
            Status::Failed => Some(Self::Failed),
            Status::Unconfirmed
            | Status::Submitted
            | Status::PendingApproval
            | Status::Approved
            | Status::Issued
            | Status::Revoked => None,
        }
    }
}

wire_names!(RequestOutcome: "outcome" {
    Delivered => "delivered",
    Refused => "refused",
    Rejected => "rejected",
    Expired => "expired",
    Failed => "failed",
});

impl Measure {
    /// The name of the metric.
    pub fn name(self) -> &'static str {
        self.metric().0
    }

    /// Name, unit and value.
    fn metric(self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Submitted => ("Submissions", "Count", 1.0),
            Self::Ended(_) => ("Requests", "Count", 1.0),
            Self::Decided(after) => ("SecondsToDecision", "Seconds", seconds(after)),
            Self::Delivered(after) => ("SecondsToCertificate", "Seconds", seconds(after)),
            Self::Expiring(number) => ("CertificatesExpiring", "Count", number as f64),
            // CloudWatch has no unit for days.
            Self::CaLeft(left) => ("CaDaysLeft", "None", (seconds(left) / 86_400.0).floor()),
        }
    }

    /// The JSON of the line, without a line break.
    pub fn line(self, stack: &str, now: OffsetDateTime) -> Value {
        let (name, unit, value) = self.metric();
        let mut dimensions = vec!["Stack"];
        let mut line = json!({ "Stack": stack, name: value });
        if let Self::Ended(outcome) = self {
            dimensions.push("Outcome");
            line["Outcome"] = outcome.as_str().into();
        }
        line["_aws"] = json!({
            "Timestamp": i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": [{ "Name": name, "Unit": unit }],
            }],
        });
        line
    }
}

/// Clocks differ slightly: a negative time counts as zero.
fn seconds(duration: Duration) -> f64 {
    duration.as_seconds_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Measure; 10] = [
        Measure::Ended(RequestOutcome::Delivered),
        Measure::Ended(RequestOutcome::Refused),
        Measure::Ended(RequestOutcome::Rejected),
        Measure::Ended(RequestOutcome::Expired),
        Measure::Ended(RequestOutcome::Failed),
        Measure::Decided(Duration::seconds(90)),
        Measure::Delivered(Duration::milliseconds(1_500)),
        Measure::CaLeft(Duration::hours(47)),
        Measure::Submitted,
        Measure::Expiring(3),
    ];

    fn at(measure: Measure) -> Value {
        measure.line("ca", time::macros::datetime!(2026-01-01 12:00:00.250 UTC))
    }

    #[test]
    fn a_line_is_what_cloudwatch_reads_and_nothing_else() {
        assert_eq!(
            at(Measure::Ended(RequestOutcome::Rejected)),
            json!({
                "_aws": {
                    "Timestamp": 1_767_268_800_250_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Countersign",
                        "Dimensions": [["Stack", "Outcome"]],
                        "Metrics": [{ "Name": "Requests", "Unit": "Count" }],
                    }],
                },
                "Stack": "ca",
                "Outcome": "rejected",
                "Requests": 1.0,
            })
        );
    }

    #[test]
    fn an_ending_counts_where_it_comes_about() {
        assert_eq!(
            RequestOutcome::between(Status::Issued, Status::Delivered),
            Some(RequestOutcome::Delivered)
        );
        assert_eq!(RequestOutcome::between(Status::Delivered, Status::Delivered), None, "it was so before");
        assert_eq!(RequestOutcome::between(Status::Submitted, Status::PendingApproval), None, "it goes on");
    }

    #[test]
    fn values_are_in_their_units_and_never_negative() {
        assert_eq!(at(ALL[5])["SecondsToDecision"], 90.0);
        assert_eq!(at(ALL[6])["SecondsToCertificate"], 1.5);
        assert_eq!(at(ALL[7])["CaDaysLeft"], 1.0);
        assert_eq!(at(Measure::Decided(Duration::seconds(-3)))["SecondsToDecision"], 0.0);
        assert_eq!(at(Measure::CaLeft(Duration::hours(-3)))["CaDaysLeft"], 0.0);
    }

    /// CloudWatch requires that each dimension and each metric named in `_aws` is a member of the line.
    #[test]
    fn every_line_is_complete_and_there_are_as_many_series_as_are_paid_for() {
        let mut series = BTreeSet::new();
        for line in ALL.map(at) {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            let dimensions: Vec<String> = directive["Dimensions"][0]
                .as_array()
                .unwrap()
                .iter()
                .map(|dimension| line[dimension.as_str().unwrap()].as_str().unwrap().to_owned())
                .collect();
            let name = directive["Metrics"][0]["Name"].as_str().unwrap();
            assert!(line[name].is_f64(), "{line}");
            assert_eq!(line.as_object().unwrap().len(), dimensions.len() + 2, "something more in {line}");
            series.insert((name.to_owned(), dimensions));
        }
        assert_eq!(series.len(), usize::try_from(SERIES).unwrap());
    }
}
