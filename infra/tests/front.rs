//! The API in front of the portal: what API Gateway answers by itself, its names, and its TLS.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};

use infra_tests::read;
use infra_tests::template::{of_type, prerequisites, properties, reference, template};
use serde_json::{Value, json};

/// The headers of every answer of the portal, from its source, by name in small letters.
fn headers_of_the_portal() -> BTreeMap<String, String> {
    let source = read("workers/portal/src/http/headers.rs");
    let list = source.split("const ALWAYS").nth(1).unwrap().split("];").next().unwrap();
    let mut headers: BTreeMap<String, String> = list
        .lines()
        .filter_map(|line| line.trim().strip_prefix('(')?.strip_suffix("),"))
        .filter_map(|pair| {
            let (name, value) = pair.rsplit_once(", \"")?;
            let name = name.trim_start_matches("header::").trim_start_matches("HeaderName::from_static(");
            let name = name.trim_end_matches(')').trim_matches('"').to_lowercase().replace('_', "-");
            Some((name, value.trim_end_matches('"').to_owned()))
        })
        .collect();
    for (name, begin) in
        [("strict-transport-security", "STRICT_TRANSPORT: "), ("cache-control", "or_insert(")]
    {
        let value = source.split(begin).nth(1).unwrap().split("from_static(\"").nth(1).unwrap();
        headers.insert(name.to_owned(), value.split('"').next().unwrap().to_owned());
    }
    headers
}

/// The English title of a code.
fn title(code: &str) -> String {
    let begin = format!("title-{} = ", code.replace('_', "-"));
    let texts = read("workflow/texts/en.ftl");
    texts.lines().find_map(|line| line.strip_prefix(&begin)).unwrap().to_owned()
}

#[test]
fn what_the_gateway_answers_by_itself_is_a_problem_with_the_headers_of_the_portal() {
    let (template, page) = (template(), read("docs/api.md"));
    let portal = headers_of_the_portal();
    assert_eq!(portal.len(), 7, "{portal:?}");
    let mut types = BTreeSet::new();
    for (id, answer) in of_type(&template, "AWS::ApiGateway::GatewayResponse") {
        let answer = &answer["Properties"];
        assert_eq!(answer["RestApiId"], reference("Api"), "{id}");
        types.insert(answer["ResponseType"].as_str().unwrap().to_owned());

        let templates = answer["ResponseTemplates"].as_object().unwrap();
        assert_eq!(templates.keys().collect::<Vec<_>>(), ["application/json"], "{id}");
        let body: BTreeMap<String, Value> =
            serde_json::from_str(templates["application/json"].as_str().unwrap()).unwrap();
        let code = body["code"].as_str().unwrap();
        assert_eq!(
            body.keys().collect::<Vec<_>>(),
            ["code", "detail", "findings", "status", "title", "type"],
            "{id}"
        );
        assert_eq!(body["type"], format!("urn:countersign:problem:{code}"), "{id}");
        assert_eq!(body["title"], title(code), "{id}");
        assert_eq!(body["findings"], json!([]), "{id}");
        assert_eq!(answer["StatusCode"], body["status"].to_string(), "{id}");
        let row = page.lines().find(|line| line.starts_with(&format!("| `{code}` |"))).unwrap();
        assert!(
            row.contains(&body["status"].to_string()),
            "{id}: docs/api.md gives {code} no {}",
            body["status"]
        );

        let headers: BTreeMap<String, String> = answer["ResponseParameters"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let name = name.strip_prefix("gatewayresponse.header.").unwrap().to_lowercase();
                let value =
                    value.as_str().unwrap().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
                let value = value.unwrap_or_else(|| panic!("{id}: {name} is no static value"));
                assert!(!value.contains('\''), "{id}: {name}");
                (name, value.to_owned())
            })
            .collect();
        assert_eq!(headers["content-type"], "application/problem+json", "{id}");
        assert_eq!(headers["content-security-policy"], "sandbox", "{id}");
        for (name, value) in &portal {
            assert_eq!(headers.get(name), Some(value), "{id}: {name}");
        }
        assert_eq!(headers.contains_key("retry-after"), code == "try_again", "{id}");
    }
    let wanted = ["DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED"];
    assert_eq!(types.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

/// A deployment is a snapshot of what was there.
#[test]
fn the_deployment_is_made_after_everything_that_it_holds() {
    let template = template();
    let before = prerequisites(&template, "ApiDeployment");
    for kind in ["AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse"] {
        let all = of_type(&template, kind);
        assert!(!all.is_empty(), "{kind}");
        let late: Vec<&String> = all.keys().filter(|id| !before.contains(*id)).collect();
        assert!(late.is_empty(), "ApiDeployment does not wait for {late:?}");
    }
}

/// The path of a resource of the API.
fn path(template: &Value, id: &str) -> String {
    let resource = properties(template, id);
    let parent =
        resource["ParentId"]["Ref"].as_str().map(|parent| path(template, parent)).unwrap_or_default();
    format!("{parent}/{}", resource["PathPart"].as_str().unwrap())
}

/// A method without a setting of its own has the setting of all; a setting without a method does nothing.
#[test]
fn what_anybody_can_have_stored_mailed_or_sent_back_has_a_throttle_of_its_own() {
    let template = template();
    let settings = &properties(&template, "ApiStage")["MethodSettings"];
    let settings: BTreeMap<(String, String), Value> = settings
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let limits = json!([one["ThrottlingRateLimit"], one["ThrottlingBurstLimit"]]);
            ((text("ResourcePath"), text("HttpMethod")), limits)
        })
        .collect();
    let of_submissions = json!([reference("SubmissionRate"), reference("SubmissionBurst")]);
    let of_all = json!([reference("ThrottleRate"), reference("ThrottleBurst")]);
    let key = |path: &str, method: &str| (path.to_owned(), method.to_owned());
    let mut wanted = BTreeMap::from([(key("/*", "*"), of_all)]);
    let methods = of_type(&template, "AWS::ApiGateway::Method");
    let integration = &methods["ApiPathMethod"]["Properties"]["Integration"];
    let routes = read("workers/portal/src/routes.rs");
    let is_the_portals = |id: &str| !id.starts_with("ApiOcsp") && !id.starts_with("ApiAcme");
    for (id, method) in methods.iter().filter(|(id, _)| is_the_portals(id)) {
        assert_eq!(&method["Properties"]["Integration"], integration, "{id} is not the portal's");
        let path = method["Properties"]["ResourceId"]["Ref"].as_str().map(|id| path(&template, id));
        if let Some(path) = path.filter(|path| !path.ends_with("+}")) {
            let verb = method["Properties"]["HttpMethod"].as_str().unwrap();
            assert_ne!(verb, "ANY", "{id}: other methods of the path are for the resource of all paths");
            wanted.insert(key(&path, verb), of_submissions.clone());
            let route = routes.lines().find(|line| line.contains(&format!(".route(\"{path}\"")));
            assert!(
                route.unwrap().contains("own_throttle::required"),
                "{id}: another spelling goes around it"
            );
        }
    }
    assert_eq!(settings, wanted);
    assert_eq!(routes.matches("own_throttle::required").count(), wanted.len() - 1);
}

/// A client follows the address in a certificate, and RFC 6960 appendix A.1.
#[test]
fn two_methods_are_for_ocsp_and_caches_in_front_of_them_know_the_path() {
    let template = template();
    let mut methods = BTreeMap::new();
    for (id, method) in of_type(&template, "AWS::ApiGateway::Method") {
        let text = method.to_string();
        assert_eq!(text.contains("OcspFunction"), id.starts_with("ApiOcsp"), "{id}");
        if id.starts_with("ApiOcsp") {
            let path = path(&template, method["Properties"]["ResourceId"]["Ref"].as_str().unwrap());
            methods.insert(path, method["Properties"]["HttpMethod"].as_str().unwrap().to_owned());
        }
    }
    let wanted = [("/ocsp", "POST"), ("/ocsp/{request+}", "GET")];
    assert_eq!(methods, wanted.map(|(path, method)| (path.to_owned(), method.to_owned())).into());
    let source = read("workflow/src/certificate/publication.rs");
    assert!(source.contains("pub const OCSP: &str = \"ocsp\";"));
    let distribution = &properties(&template, "Distribution")["DistributionConfig"];
    let behaviors = distribution["CacheBehaviors"]["Fn::If"].as_array().unwrap();
    assert_eq!(behaviors[0], "AnswersOcsp");
    assert_eq!(behaviors[1][0]["PathPattern"], "/ocsp*");
    // A verifier would have to verify the certificate of the server first.
    assert_eq!(behaviors[1][0]["ViewerProtocolPolicy"], "allow-all");
}

/// The URLs in the directory are below `acme/`, and so is what clients sign: whatever the method, one function answers.
#[test]
fn everything_below_acme_is_one_method_which_has_a_throttle_of_its_own() {
    let template = template();
    let methods = of_type(&template, "AWS::ApiGateway::Method");
    let of_acme: Vec<_> =
        methods.iter().filter(|(_, method)| method.to_string().contains("AcmeFunction")).collect();
    let [(id, method)] = of_acme[..] else { panic!("{of_acme:?}") };
    let method = &method["Properties"];
    let path = path(&template, method["ResourceId"]["Ref"].as_str().unwrap());
    assert_eq!((id.as_str(), path.as_str()), ("ApiAcmePathMethod", "/acme/{proxy+}"));
    // HEAD among them, by which clients ask for a nonce.
    assert_eq!(method["HttpMethod"], "ANY");
    assert!(read("workers/acme/src/server.rs").contains("\"{}acme\", self.base_url"), "the URLs are there");
    assert!(!read("workers/portal/src/routes.rs").contains("\"/acme"), "the portal has nothing there");
}

/// Networks are for the portal: a verifier may be anywhere.
#[test]
fn limits_of_networks_leave_ocsp_out() {
    let policy = properties(&template(), "Api")["Policy"].to_string();
    assert!(policy.contains("OnlyTheseNetworks"), "{policy}");
    assert!(policy.contains("*/live/POST/ocsp") && policy.contains("*/live/GET/ocsp/*"), "{policy}");
}

#[test]
fn with_a_name_of_its_own_the_portal_has_no_other() {
    let template = template();
    let closed = &properties(&template, "Api")["DisableExecuteApiEndpoint"];
    assert_eq!(*closed, json!({ "Fn::If": ["HasDomain", true, reference("AWS::NoValue")] }));
}

#[test]
fn no_version_of_tls_below_1_2_is_taken() {
    let template = template();
    let api = properties(&template, "Api");
    // A private API takes TLS 1.2 at least by itself.
    let regional = |name: &str| {
        let choice = api[name]["Fn::If"].as_array().unwrap_or_else(|| panic!("{name} is not set"));
        assert_eq!(choice[..2], [json!("ApiIsPrivate"), reference("AWS::NoValue")], "{name}");
        choice[2].as_str().unwrap().to_owned()
    };
    assert!(regional("SecurityPolicy").starts_with("SecurityPolicy_TLS13_1_"));
    // An enhanced policy needs it.
    assert!(["BASIC", "STRICT"].contains(&regional("EndpointAccessMode").as_str()));
    assert_eq!(properties(&template, "Domain")["SecurityPolicy"], "TLS_1_2");
}
