//! As much of GraphQL as a shop's Admin API needs: which root field is asked for with which
//! arguments, and of an object just what was selected, under the names that were asked for.

use graphql_parser::query::{
    Definition, Document, Field, OperationDefinition, Selection, SelectionSet, Value as Argument,
    parse_query,
};
use serde_json::{Map, Value, json};

/// The one root field of a request.
pub(super) struct Root {
    /// Its name in the schema.
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    /// What it is carried out once under, if a directive says so.
    pub(super) key: Option<String>,
    field: Field<'static, String>,
}

impl Root {
    /// Reads a request's body; what cannot be read comes back as the answer that says so.
    pub(super) fn read(body: &[u8]) -> Result<Self, Value> {
        let request: Value =
            serde_json::from_slice(body).map_err(|_| wrong("The request is not JSON."))?;
        let query = request["query"].as_str();
        let query = query.ok_or_else(|| wrong("The request has no query."))?;
        let document: Document<'static, String> = parse_query::<String>(query)
            .map_err(|error| wrong(&error.to_string()))?
            .into_static();
        let mut definitions = document.definitions.into_iter();
        let selected = match (definitions.next(), definitions.next()) {
            (Some(Definition::Operation(OperationDefinition::Query(query))), None) => {
                query.selection_set
            }
            (Some(Definition::Operation(OperationDefinition::Mutation(change))), None) => {
                change.selection_set
            }
            _ => return Err(wrong("Ask one query or one mutation.")),
        };
        let mut fields = selected.items.into_iter();
        let (Some(Selection::Field(field)), None) = (fields.next(), fields.next()) else {
            return Err(wrong("Ask for one field at a time."));
        };
        let given = field.arguments.iter();
        let arguments =
            given.map(|(name, value)| (name.clone(), plain(value, &request["variables"])));
        let idempotent = field.directives.iter().find(|one| one.name == "idempotent");
        let mut keys = idempotent.iter().flat_map(|directive| &directive.arguments);
        let key = keys.find_map(|(name, value)| (name == "key").then_some(value));
        let key = key.and_then(|key| {
            plain(key, &request["variables"])
                .as_str()
                .map(str::to_owned)
        });
        Ok(Self {
            name: field.name.clone(),
            arguments: arguments.collect(),
            key,
            field,
        })
    }

    /// The answer, of the whole object that the root field has.
    pub(super) fn answer(&self, whole: &Value) -> Value {
        let name = self.field.alias.as_ref().unwrap_or(&self.field.name);
        match select(&self.field.selection_set, whole) {
            Ok(selected) => json!({ "data": { name: selected } }),
            Err(unknown) => wrong(&format!("Field '{unknown}' doesn't exist.")),
        }
    }

    /// The answer to a field that the shop does not have.
    pub(super) fn unknown(&self) -> Value {
        wrong(&format!("Field '{}' doesn't exist.", self.name))
    }
}

fn wrong(message: &str) -> Value {
    json!({"errors": [{"message": message, "extensions": {"code": "undefinedField"}}]})
}

fn plain(argument: &Argument<'static, String>, variables: &Value) -> Value {
    match argument {
        Argument::Variable(name) => variables[name].clone(),
        Argument::String(text) | Argument::Enum(text) => text.clone().into(),
        Argument::Boolean(flag) => (*flag).into(),
        Argument::Int(number) => number.as_i64().into(),
        Argument::Float(number) => (*number).into(),
        Argument::List(items) => items.iter().map(|item| plain(item, variables)).collect(),
        Argument::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), plain(value, variables)));
            Value::Object(members.collect())
        }
        Argument::Null => Value::Null,
    }
}

/// What is selected of an object, or the name of a field that it does not have.
fn select(selected: &SelectionSet<'static, String>, whole: &Value) -> Result<Value, String> {
    match whole {
        Value::Array(items) => items.iter().map(|item| select(selected, item)).collect(),
        Value::Object(members) if !selected.items.is_empty() => {
            let mut chosen = Map::new();
            for selection in &selected.items {
                let Selection::Field(field) = selection else {
                    return Err("...".to_owned());
                };
                let there = members.get(&field.name).ok_or_else(|| field.name.clone())?;
                let name = field.alias.as_ref().unwrap_or(&field.name);
                chosen.insert(name.clone(), select(&field.selection_set, there)?);
            }
            Ok(Value::Object(chosen))
        }
        other => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(query: &str, variables: &Value) -> Result<Root, Value> {
        Root::read(
            json!({"query": query, "variables": variables})
                .to_string()
                .as_bytes(),
        )
    }

    #[test]
    fn just_what_was_selected_is_answered_under_the_names_that_were_asked_for() {
        let query = "query A($id: ID!) { it: order(id: $id, first: 3) { nodes { a b: c } } }";
        let Ok(root) = root(query, &json!({"id": "gid://shopify/Order/1"})) else {
            panic!("it can be read");
        };
        assert_eq!(root.name, "order");
        assert_eq!(root.arguments["id"], "gid://shopify/Order/1");
        assert_eq!(root.arguments["first"], 3);
        let whole = json!({"nodes": [{"a": 1, "c": 2, "d": 3}], "e": 4});
        let answer = root.answer(&whole);
        assert_eq!(
            answer,
            json!({"data": {"it": {"nodes": [{"a": 1, "b": 2}]}}})
        );
        assert_eq!(root.answer(&Value::Null), json!({"data": {"it": null}}));
        let less = root.answer(&json!({"nodes": [{"a": 1}]}));
        assert_eq!(less["errors"][0]["extensions"]["code"], "undefinedField");
    }

    #[test]
    fn what_cannot_be_read_is_answered_with_errors() {
        for query in ["", "{", "{ a b }", "subscription { a }", "{ a } { b }"] {
            let Err(errors) = root(query, &Value::Null) else {
                panic!("{query} was read");
            };
            assert!(errors["errors"].is_array(), "{query}");
        }
        assert!(Root::read(b"x").is_err());
    }
}
