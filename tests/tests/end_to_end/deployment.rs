//! `countersign plan`, `deploy`, `doctor` and `destroy` against the emulator: creation, an update that keeps
//! resources with data, deletion; and the error messages.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use end_to_end::{Mailbox, PATIENCE, PkiDir, Stack, binary, eventually, repository};
use serde_json::{Value, json};

use crate::APPROVER;
use crate::documented::{self, Terminal};

const SENDER: &str = "countersign@example.com";

/// An operator of the emulated account with a stack besides the shared one.
struct Operator {
    stack: &'static Stack,
    name: &'static str,
    variables: Vec<(&'static str, &'static str)>,
}

impl Operator {
    fn new(stack: &'static Stack, name: &'static str) -> Self {
        let variables = vec![
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ];
        Self { stack, name, variables }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.extend(Some((name, value)).filter(|_| !value.is_empty()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let programs = repository().join(".local/venv/bin").display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(binary());
        command.args(arguments).args([
            "--stack",
            self.name,
            "--endpoint-url",
            self.stack.endpoint("awsEndpoint"),
        ]);
        for name in
            ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"]
        {
            command.env_remove(name);
        }
        command
            .envs(self.variables.iter().copied())
            .env("PATH", format!("{programs}:{path}"))
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(repository())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}\n{said}\n{told}");
        format!("{said}{told}")
    }

    /// Asserts failure with one line that has all of `expected`.
    #[track_caller]
    fn fail(&self, arguments: &[&str], expected: &[&str]) {
        let output = self.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        let line = told.lines().last().unwrap_or_default();
        for expected in expected {
            assert!(line.contains(expected), "{arguments:?}: {expected} is not in: {told}");
        }
    }

    fn aws(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.stack.aws(arguments)).unwrap_or_default()
    }

    fn resource(&self, logical: &str) -> String {
        let which = ["--stack-name", self.name, "--logical-resource-id", logical];
        let found = self.aws(&[&["cloudformation", "describe-stack-resource"][..], &which].concat());
        found["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    fn output(&self, key: &str) -> String {
        let described = self.aws(&["cloudformation", "describe-stacks", "--stack-name", self.name]);
        let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap();
        outputs.iter().find(|output| output["OutputKey"] == key).unwrap()["OutputValue"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn stacks(&self) -> Vec<String> {
        let described = self.aws(&["cloudformation", "describe-stacks"]);
        let names = described["Stacks"].as_array().unwrap().iter();
        names.map(|stack| stack["StackName"].as_str().unwrap().to_owned()).collect()
    }

    /// Starts the creation of a stack from another template.
    fn foreign(&self, template: &str) {
        let file: PathBuf = self.stack.path().join(format!("{}.yaml", self.name));
        fs::write(&file, template).unwrap();
        let body = format!("file://{}", file.display());
        let create = ["cloudformation", "create-stack", "--stack-name", self.name, "--template-body", &body];
        self.aws(&[&create[..], &["--capabilities", "CAPABILITY_IAM"]].concat());
    }
}

#[tokio::test]
async fn obstacles_are_reported_in_one_line() {
    let stack = Stack::shared().await;
    let operator = Operator::new(stack, "obstacles");
    let sender = ["--mail-from", SENDER];
    let doctor = |more: &[&'static str]| [&["doctor"][..], more].concat();

    let bad_region = operator.run(&["doctor", "--region", "Frankfurt"]);
    let told = String::from_utf8_lossy(&bad_region.stderr).into_owned();
    assert!(!bad_region.status.success(), "{told}");
    assert!(told.contains("a region is written like eu-central-1"), "{told}");
    let anonymous =
        Operator::new(stack, "obstacles").with("AWS_ACCESS_KEY_ID", "").with("AWS_SECRET_ACCESS_KEY", "");
    anonymous.fail(&doctor(&sender), &["there are no AWS credentials", "aws sso login"]);
    anonymous.fail(&["deploy", "--yes", "--mail-from", SENDER], &["there are no AWS credentials"]);
    let stranger = Operator::new(stack, "obstacles").with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    stranger.fail(&doctor(&sender), &["AWS rejects these credentials", "AWS_PROFILE"]);

    let unreachable = Command::new(binary())
        .args([
            "requests",
            "list",
            "--stack",
            "x",
            "--region",
            "us-east-1",
            "--endpoint-url",
            "http://127.0.0.1:9",
        ])
        .envs(operator.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&unreachable.stderr).into_owned();
    assert!(told.contains("nothing answers at http://127.0.0.1:9. Check --endpoint-url"), "{told}");
    for command in [&["requests", "list"][..], &["ca", "show"], &["policy", "show"], &["audit", "verify"]] {
        operator.fail(command, &["there is no stack obstacles", "--stack"]);
        let wrong = operator.run(&[command, &["--region", "Frankfurt"]].concat());
        let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(told.contains("a region is written like eu-central-1"), "{told}");
    }

    let broken: PathBuf = stack.path().join("broken-policy.toml");
    fs::write(&broken, "[profiles").unwrap();
    let chosen = ["deploy", "--yes", "--mail-from", SENDER, "--policy", broken.to_str().unwrap()];
    let early = |more: &[&'static str]| [&["deploy", "--yes", "--mail-from", SENDER][..], more].concat();

    operator.fail(&doctor(&[]), &["nothing says who sends the mails", "--mail-from"]);
    let unknown = ["--mail-from", "ca@unverified.example"];
    operator
        .fail(&doctor(&unknown), &["SES knows neither ca@unverified.example nor", "create-email-identity"]);

    operator.aws(&["sesv2", "create-email-identity", "--email-identity", SENDER]);
    let fine = operator.succeed(&doctor(&sender));
    assert!(fine.contains("there is no stack obstacles yet"), "{fine}");
    assert!(!fine.contains("WRONG"), "{fine}");

    operator.fail(&chosen, &["broken-policy.toml"]);
    let outside = ["--self-test", "x.outside.invalid", "--requester", "me@example.com"];
    operator.fail(&early(&outside), &["would refuse the self-test", "Nothing was built or changed"]);
    let relay = ["--parameter", "MailTransport=smtp"];
    operator
        .fail(&early(&["--parameter", "ThrottleRate=0"]), &["ThrottleRate has to be a number of at least 1"]);
    operator
        .fail(&early(&relay), &["MailTransport smtp needs SmtpEndpoint", "Nothing of the stack was changed"]);
    assert!(!operator.stacks().contains(&"obstacles".to_owned()), "nothing was begun");

    let group = "/aws/lambda/obstacles-sign";
    operator.aws(&["logs", "create-log-group", "--log-group-name", group]);
    operator.fail(&doctor(&sender), &[group, "is there already", "delete-log-group"]);
    operator.fail(&["deploy", "--yes", "--mail-from", SENDER], &[group]);
    assert!(!operator.stacks().contains(&"obstacles".to_owned()), "nothing was begun");

    let shop = Operator::new(stack, "shop");
    shop.foreign("Description: A shop\nResources: { Q: { Type: 'AWS::SQS::Queue' } }\n");
    shop.fail(&doctor(&sender), &["a stack shop that is not Countersign's", "--stack"]);
    shop.fail(&["destroy", "--yes"], &["not Countersign's"]);
    assert!(shop.stacks().contains(&"shop".to_owned()), "other people's stacks are left alone");

    // A first deployment that failed and was rolled back.
    let half = Operator::new(stack, "half");
    half.foreign(
        "Description: Countersign, halfway\nResources:\n  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' }\n  \
         Wait: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: !Ref Handle, Timeout: 1 } }\n",
    );
    eventually("the creation to be taken back", PATIENCE, async || {
        let status = half.aws(&["cloudformation", "describe-stacks", "--stack-name", "half"]);
        (status["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE").then_some(())
    })
    .await;
    half.fail(
        &["deploy", "--yes", "--mail-from", SENDER],
        &["was never made", "countersign destroy --stack half"],
    );
    half.succeed(&["destroy", "--yes"]);
    half.fail(&["destroy", "--yes"], &["there is no stack half"]);
}

#[tokio::test]
async fn a_stack_is_planned_deployed_updated_and_destroyed() {
    let stack = Stack::shared().await;
    let operator = Operator::new(stack, "second");
    operator.aws(&["sesv2", "create-email-identity", "--email-identity", SENDER]);
    let ports: Value = serde_json::from_slice(&fs::read(stack.path().join("ports.json")).unwrap()).unwrap();
    let relay = format!("SmtpEndpoint=smtp://localhost:{}", ports["smtp"]);
    let parameters = ["--mail-from", SENDER, "--parameter", "MailTransport=smtp", "--parameter", &relay];

    let planned = operator.succeed(&[&["plan"][..], &parameters].concat());
    assert!(
        planned.lines().any(|line| line.starts_with("MailTransport") && line.ends_with("smtp")),
        "{planned}"
    );
    assert!(planned.contains("The packages stay in the bucket countersign-artefacts-"), "{planned}");
    assert!(planned.contains("Add"), "{planned}");
    assert!(planned.contains("AWS::DynamoDB::Table"), "{planned}");
    assert!(!operator.stacks().contains(&"second".to_owned()), "a plan leaves nothing behind");
    operator.fail(&[&["deploy"][..], &parameters].concat(), &["no terminal to ask on", "--yes"]);
    assert!(!operator.stacks().contains(&"second".to_owned()), "nothing was begun");

    let deployed = operator.succeed(&[&["deploy", "--yes"][..], &parameters].concat());
    assert!(deployed.contains("Portal "), "{deployed}");
    assert!(deployed.contains("certificate authority"), "{deployed}");
    let again = operator.succeed(&["deploy", "--yes"]);
    assert!(again.contains("Nothing of the stack changes"), "{again}");
    let shown = operator.succeed(&["doctor"]);
    assert!(!shown.contains("WRONG"), "{shown}");
    assert!(shown.contains("link secret"), "{shown}");

    // An update of resources without data, with a self-test request.
    let stateful = [
        "CertificatesTable",
        "ApprovalsTable",
        "AuditTable",
        "NamesTable",
        "RevocationsTable",
        "PeopleTable",
        "GrantsTable",
        "AcmeTable",
        "Bucket",
        "LinkSecret",
    ];
    let before = stateful.map(|name| operator.resource(name));
    let base =
        format!("{}/_aws/execute-api/{}/live", stack.endpoint("awsEndpoint"), operator.output("ApiId"));
    let base = format!("BaseUrl={base}");
    let mut update = operator.command(&["deploy", "--yes", "--parameter", &base]);
    update.args(["--self-test", "self-test.example.com", "--requester", "self-test@example.com"]);
    let update = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    approve(stack.mailbox(), "self-test@example.com").await;
    let update = update.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&update.stderr).into_owned();
    assert!(update.status.success(), "{told}");
    assert!(told.contains("approved, signed and delivered"), "{told}");
    assert_eq!(stateful.map(|name| operator.resource(name)), before, "nothing that holds data was replaced");

    a_stack_that_was_changed_by_hand_is_told(&operator);
    a_link_secret_is_made_again_under_its_name(&operator);

    let secret = operator.resource("LinkSecret");
    operator.aws(&["secretsmanager", "delete-secret", "--secret-id", &secret]);
    operator.fail(&["doctor"], &["the secret of the status links is being deleted", "restore-secret"]);
    operator.fail(&["deploy", "--yes"], &["restore-secret"]);
    operator.aws(&["secretsmanager", "restore-secret", "--secret-id", &secret]);
    operator.succeed(&["doctor"]);

    operator
        .fail(&["destroy", "--yes"], &["1 of its certificates are still valid", "--with-live-certificates"]);
    let destroyed = operator.succeed(&["destroy", "--yes", "--with-live-certificates"]);
    assert!(!operator.stacks().contains(&"second".to_owned()), "{destroyed}");
    assert!(destroyed.contains(&before[0]), "what stays is named: {destroyed}");
    for left in ["/countersign/second/policy", "countersign/second/ca-key", "countersign-artefacts-"] {
        assert!(destroyed.contains(left), "{left}: {destroyed}");
    }
    operator.aws(&["dynamodb", "describe-table", "--table-name", &before[0]]);
    remove_what_stays(&operator, &before).await;
}

/// Types the commands of the documentation that remove tables, bucket and secrets for good.
async fn remove_what_stays(operator: &Operator, stateful: &[String]) {
    let terminal = Terminal::new(operator.stack, PkiDir::new());
    let block = documented::lines("docs/operations/deploy.md", "# Each table");
    let (of_table, rest) = block.split_once("# The bucket").unwrap();
    let [tables @ .., bucket, secret] = stateful else { panic!("{stateful:?}") };
    for table in tables {
        terminal.types(&of_table.replace(" TABLE", &format!(" {table}"))).await;
    }
    let rest = rest.replace(" BUCKET", &format!(" {bucket}")).replace(" SECRET", &format!(" {secret}"));
    terminal.types(&format!("#{}", rest.replace("/NAME/", &format!("/{}/", operator.name)))).await;
    let left = operator.aws(&["dynamodb", "list-tables"]).to_string();
    assert!(tables.iter().all(|table| !left.contains(table)), "{left}");
    assert!(!operator.aws(&["s3api", "list-buckets"]).to_string().contains(bucket));
}

/// Puts faults into a stack, several at a time, and mends them as the command says.
fn a_stack_that_was_changed_by_hand_is_told(operator: &Operator) {
    let stage = ["--rest-api-id", &operator.output("ApiId"), "--stage-name", "live"];
    let deployment =
        operator.aws(&[&["apigateway", "get-stage"][..], &stage].concat())["deploymentId"].clone();
    let api = ["apigateway", "create-deployment", "--rest-api-id", &operator.output("ApiId")];
    let other = operator.aws(&api)["id"].as_str().unwrap().to_owned();
    let point = |to: &str| {
        let patch = format!("op=replace,path=/deploymentId,value={to}");
        operator
            .aws(&[&["apigateway", "update-stage"][..], &stage, &["--patch-operations", &patch]].concat());
    };
    let alarm = operator.resource("SignQueueAgeAlarm");
    let function = |timeout: &str| {
        let update = ["lambda", "update-function-configuration", "--function-name", "second-sign"];
        operator.aws(&[&update[..], &["--timeout", timeout]].concat());
    };
    let source = operator.resource("ValidateFunctionMessages");
    let table = operator.resource("NamesTable");
    let queue = operator.resource("PersistQueue");
    let seconds = |seconds: &str| {
        let attributes = format!("VisibilityTimeout={seconds}");
        operator.aws(&["sqs", "set-queue-attributes", "--queue-url", &queue, "--attributes", &attributes]);
    };
    let bucket = operator.resource("Bucket");
    let block = |all: &str| {
        let all = format!(
            "BlockPublicAcls={all},IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        );
        let put = ["s3api", "put-public-access-block", "--bucket", &bucket];
        operator.aws(&[&put[..], &["--public-access-block-configuration", &all]].concat());
    };
    let policy = operator.output("PolicyParameter");
    let held = operator.aws(&["ssm", "get-parameter", "--name", &policy])["Parameter"]["Value"].clone();

    point(&other);
    function("29");
    seconds("31");
    block("false");
    operator.aws(&["cloudwatch", "disable-alarm-actions", "--alarm-names", &alarm]);
    operator.aws(&["lambda", "update-event-source-mapping", "--uuid", &source, "--no-enabled"]);
    operator.aws(&["dynamodb", "update-table", "--table-name", &table, "--no-deletion-protection-enabled"]);
    operator.aws(&["ssm", "delete-parameter", "--name", &policy]);
    let output = operator.run(&["doctor"]);
    assert!(!output.status.success());
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    for expected in [
        "serves the deployment",
        "second-sign: Timeout is 29, not 30",
        "VisibilityTimeout is 31, not 180",
        "BlockPublicAcls is off",
        "SignQueueAgeAlarm tells nobody",
        "the event source of second-validate: State is",
        "DeletionProtectionEnabled is false, not true",
        "nothing can be submitted or signed",
    ] {
        let line = shown.lines().find(|line| line.contains(expected));
        assert!(line.is_some_and(|line| line.starts_with("WRONG")), "{expected}: {shown}");
    }

    point(deployment.as_str().unwrap());
    function("30");
    seconds("180");
    block("true");
    operator.aws(&["cloudwatch", "enable-alarm-actions", "--alarm-names", &alarm]);
    operator.aws(&["lambda", "update-event-source-mapping", "--uuid", &source, "--enabled"]);
    operator.aws(&["dynamodb", "update-table", "--table-name", &table, "--deletion-protection-enabled"]);
    let put = ["ssm", "put-parameter", "--name", &policy, "--type", "String", "--value"];
    // The next test begins with a stack as in its template.
    operator.aws(&[&put[..], &[held.as_str().unwrap()]].concat());
}

/// The new secret has another ARN.
fn a_link_secret_is_made_again_under_its_name(operator: &Operator) {
    let secret = operator.resource("LinkSecret");
    let delete =
        ["secretsmanager", "delete-secret", "--force-delete-without-recovery", "--secret-id", &secret];
    operator.aws(&delete);
    let create = format!("create-secret --name {secret} ");
    operator
        .fail(&["doctor"], &["the secret of the status links is gone", &create, "start the functions anew"]);
    let text = "x".repeat(64);
    operator.aws(&["secretsmanager", "create-secret", "--name", &secret, "--secret-string", &text]);
    let shown = operator.succeed(&["doctor"]);
    assert!(shown.contains("was changed after the functions had been started"), "{shown}");
    operator.succeed(&["deploy", "--yes", "--parameter", "LogLevel=debug"]);
    let shown = operator.succeed(&["doctor"]);
    assert!(!shown.contains("was changed after the functions had been started"), "{shown}");
    // What an export writes is what the workers read.
    let file = operator.stack.path().join("second-link-secret");
    let export = operator.stack.path().join("second.export");
    operator.succeed(&["export", export.to_str().unwrap(), "--link-secret", file.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(file).unwrap(), text);
}

/// Confirms and approves the only request of this requester, each by the link in the mail.
async fn approve(mailbox: Mailbox, requester: &str) {
    let portal = end_to_end::Portal::new("");
    let (id, link) = eventually("the requester's mail about the self-test", PATIENCE * 3, async || {
        let mail = mailbox.to(requester).into_iter().next()?;
        Some((mail.request_id().to_owned(), mail.confirmation_link()?))
    })
    .await;
    portal.post(&link, &json!({})).await.expect(200);
    let link = eventually("the approver's mail about the self-test", PATIENCE, async || {
        let mail = mailbox.about(&id).into_iter().find(|mail| mail.to == APPROVER)?;
        mail.links().into_iter().find(|link| link.contains("/approvals/"))
    })
    .await;
    portal.decide(&link, "approve", "").await.expect(200);
}
