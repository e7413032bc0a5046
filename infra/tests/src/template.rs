//! infra/template.yaml as JSON, with intrinsic functions in their long form: `!Ref X` is `{"Ref": "X"}`, `!GetAtt
//! X.Arn` is `{"Fn::GetAtt": "X.Arn"}`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// The template.
#[must_use]
pub fn template() -> Value {
    from_yaml(&serde_yaml_ng::from_str(&crate::read("infra/template.yaml")).unwrap())
}

/// The resources of one type, by logical id.
#[must_use]
pub fn of_type(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().unwrap().iter();
    all.filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect()
}

/// The properties of a resource.
#[must_use]
pub fn properties<'a>(template: &'a Value, id: &str) -> &'a Value {
    let resource = &template["Resources"][id];
    assert!(resource.is_object(), "the template has no {id}");
    &resource["Properties"]
}

/// The resource of the API that takes a call: that of the path for a call with a throttle of its own, else that of all
/// paths. infra/tests/front.rs checks that the API has these resources and no others.
#[must_use]
pub fn api_resource<'a>(template: &Value, method: &str, path: &'a str) -> &'a str {
    let settings = properties(template, "ApiStage")["MethodSettings"].as_array().unwrap();
    let is_own = settings.iter().any(|one| one["ResourcePath"] == path && one["HttpMethod"] == method);
    if is_own { path } else { "/{proxy+}" }
}

/// The SQS events of a function.
#[must_use]
pub fn queue_events(function: &Value) -> Vec<&Value> {
    let events = function["Events"].as_object().into_iter().flat_map(|events| events.values());
    events.filter(|event| event["Type"] == "SQS").map(|event| &event["Properties"]).collect()
}

/// `!Ref X`.
#[must_use]
pub fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

/// `!GetAtt X.Arn`.
#[must_use]
pub fn arn(id: &str) -> Value {
    json!({ "Fn::GetAtt": format!("{id}.Arn") })
}

/// Both branches of every `!If` in a value, without `AWS::NoValue`; anything else is one branch.
#[must_use]
pub fn branches(value: &Value) -> Vec<&Value> {
    match value["Fn::If"].as_array() {
        Some(choice) => choice[1..].iter().flat_map(branches).collect(),
        None if *value == reference("AWS::NoValue") => Vec::new(),
        None => vec![value],
    }
}

/// A list, or a single value as a list.
#[must_use]
pub fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

/// Prefix of the logical ids of a worker's resources: `AwaitApproval` for `await-approval`.
#[must_use]
pub fn pascal(worker: &str) -> String {
    worker.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// The resources that CloudFormation makes before this one, because it names them: `DependsOn`, `Ref`, `GetAtt`, `Sub`.
#[must_use]
pub fn prerequisites(template: &Value, id: &str) -> BTreeSet<String> {
    let resources = template["Resources"].as_object().unwrap();
    let (mut found, mut next) = (BTreeSet::new(), vec![id.to_owned()]);
    while let Some(id) = next.pop() {
        let mut named = BTreeSet::new();
        names(&resources[&id], &mut named);
        named.extend(list(&resources[&id]["DependsOn"]).into_iter().filter_map(Value::as_str));
        for name in named.into_iter().filter(|name| resources.contains_key(*name)) {
            if found.insert(name.to_owned()) {
                next.push(name.to_owned());
            }
        }
    }
    found
}

/// The logical ids that a value names by `Ref`, `GetAtt` and `Sub`; parameters and pseudo parameters are among them.
fn names<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            let of = |name: &str| fields.get(name).and_then(Value::as_str);
            found.extend(of("Ref"));
            found.extend(of("Fn::GetAtt").and_then(|text| text.split('.').next()));
            // The long form of Sub is a list: the text, and what it is given by name.
            let text = fields.get("Fn::Sub").map(|sub| if sub.is_array() { &sub[0] } else { sub });
            let words = text.and_then(Value::as_str).into_iter().flat_map(|text| text.split("${").skip(1));
            found.extend(words.filter_map(|word| word.split(['}', '.']).next()));
            fields.values().for_each(|value| names(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

fn from_yaml(value: &Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => Value::Bool(*truth),
        Yaml::Number(number) => serde_json::to_value(number).unwrap(),
        Yaml::String(text) => Value::String(text.clone()),
        Yaml::Sequence(all) => all.iter().map(from_yaml).collect(),
        Yaml::Mapping(fields) => {
            let fields =
                fields.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), from_yaml(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let name =
                if ["Ref", "Condition"].contains(&name) { name.to_owned() } else { format!("Fn::{name}") };
            json!({ name: from_yaml(&tagged.value) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intrinsic_functions_are_read_in_their_long_form() {
        let yaml = "a: !If [OnAws, !GetAtt X.Arn, !Ref AWS::NoValue]\nb: [!Sub \"${Y}\", 3]";
        let read = from_yaml(&serde_yaml_ng::from_str(yaml).unwrap());
        let choice = json!({ "Fn::If": ["OnAws", arn("X"), reference("AWS::NoValue")] });
        assert_eq!(read, json!({ "a": choice, "b": [{ "Fn::Sub": "${Y}" }, 3] }));
        assert_eq!(branches(&read["a"]), [&arn("X")]);
        assert_eq!(pascal("await-approval"), "AwaitApproval");
    }

    #[test]
    fn every_resource_that_is_named_is_made_first() {
        let yaml = "Resources:\n  A: { DependsOn: B, Properties: [!Ref Parameter] }\n  B: { Properties: { x: !GetAtt C.Arn } }\n  C: { DependsOn: [D] }\n  D: { Properties: !Sub \"${E.Arn}/${AWS::Region}\" }\n  E: { Properties: !Sub [\"${F}\", { F: x }] }\n  F: { Properties: !Ref A }";
        let template = from_yaml(&serde_yaml_ng::from_str(yaml).unwrap());
        let ids = |id: &str| prerequisites(&template, id).into_iter().collect::<String>();
        assert_eq!(ids("D"), "ABCDEF");
        assert_eq!(ids("A"), "ABCDEF");
        let alone = from_yaml(&serde_yaml_ng::from_str("Resources: { A: {}, B: { DependsOn: A } }").unwrap());
        assert_eq!(prerequisites(&alone, "B"), BTreeSet::from(["A".to_owned()]));
        assert!(prerequisites(&alone, "A").is_empty());
    }
}
