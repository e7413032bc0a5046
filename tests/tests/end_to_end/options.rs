//! Template options that the local stack does not use, in a second deployment.

use std::collections::BTreeMap;

use end_to_end::Stack;
use serde_json::Value;

const NAME: &str = "options";

#[tokio::test]
async fn a_key_of_the_account_a_dashboard_and_no_alarms() {
    let stack = Stack::shared().await;
    // Packaged for the shared stack; the workers are in the emulator's bucket.
    let packaged = stack.path().join("packaged.yaml").display().to_string();
    let endpoint = format!("EndpointUrl={}", stack.endpoint("awsEndpoint"));
    let deploy = ["cloudformation", "deploy", "--template-file", &packaged, "--stack-name", NAME];
    let how = [
        "--s3-bucket",
        "countersign-artifacts",
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ];
    let options =
        ["--parameter-overrides", &endpoint, "Encryption=customer-key", "Dashboard=yes", "Alarms=no"];
    stack.aws(&[&deploy[..], &how, &options].concat());

    let described = stack.aws_json(&["cloudformation", "describe-stacks", "--stack-name", NAME]);
    let outputs: BTreeMap<&str, &str> = described["Stacks"][0]["Outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| (output["OutputKey"].as_str().unwrap(), output["OutputValue"].as_str().unwrap()))
        .collect();
    let key = stack.aws_json(&["kms", "describe-key", "--key-id", outputs["EncryptionKeyArn"]]);
    assert_eq!(key["KeyMetadata"]["Enabled"], true, "{key}");
    for queue in ["SignQueueUrl", "DeadLettersUrl"] {
        let attributes =
            ["sqs", "get-queue-attributes", "--attribute-names", "KmsMasterKeyId", "--queue-url"];
        let attributes = stack.aws_json(&[&attributes[..], &[outputs[queue]]].concat());
        assert_eq!(attributes["Attributes"]["KmsMasterKeyId"], outputs["EncryptionKeyArn"], "{queue}");
    }

    // CloudWatch accepts any text as the body and shows nothing if it is not JSON.
    let dashboard = ["cloudwatch", "get-dashboard", "--dashboard-name", outputs["DashboardName"]];
    let dashboard = stack.aws_json(&dashboard);
    let body: Value = serde_json::from_str(dashboard["DashboardBody"].as_str().unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let metrics: usize =
        widgets.iter().map(|one| one["properties"]["metrics"].as_array().unwrap().len()).sum();
    assert!((20..=50).contains(&metrics), "{metrics}: up to 50 are in the free tier");
    assert!(!body.to_string().contains("${"), "{body}");

    let alarms = |prefix: &str| {
        let alarms = stack.aws_json(&["cloudwatch", "describe-alarms", "--alarm-name-prefix", prefix]);
        alarms["MetricAlarms"].as_array().unwrap().len()
    };
    assert_eq!(alarms(NAME), 0);
    assert!(alarms(stack.endpoint("stack")) >= 13);
    stack.aws(&["cloudformation", "delete-stack", "--stack-name", NAME]);
}
