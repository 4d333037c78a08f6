//! A little GraphQL for doubles: parses what was asked, finds the root field with its arguments, and
//! gives back just what was selected, under the names that were asked for.

use graphql_parser::query::{
    Definition, Document, Field, OperationDefinition, Selection, SelectionSet, Value as Arg,
    parse_query,
};
use serde_json::{Map, Value, json};

/// The one root field of a request.
pub(crate) struct Root {
    /// Its name in the schema.
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
    field: Field<'static, String>,
}

/// Reads a request's body. What cannot be read is answered as the vendor does, with `errors`.
pub(crate) fn read(body: &[u8]) -> Result<Root, Value> {
    let wrong = |message: &str| json!({"errors": [{"message": message, "extensions": {"code": "undefinedField"}}]});
    let asked: Value = serde_json::from_slice(body).map_err(|_| wrong("no JSON"))?;
    let query = asked["query"].as_str().ok_or_else(|| wrong("no query"))?;
    let document: Document<'static, String> = parse_query::<String>(query)
        .map_err(|error| wrong(&error.to_string()))?
        .into_static();
    let selected = match document.definitions.into_iter().next() {
        Some(Definition::Operation(OperationDefinition::Query(query))) => query.selection_set,
        Some(Definition::Operation(OperationDefinition::Mutation(change))) => change.selection_set,
        _ => return Err(wrong("one query or one mutation")),
    };
    let field = selected
        .items
        .into_iter()
        .find_map(|selection| match selection {
            Selection::Field(field) => Some(field),
            _ => None,
        });
    let field = field.ok_or_else(|| wrong("no field"))?;
    let given = field.arguments.iter();
    let arguments = given.map(|(name, value)| (name.clone(), plain(value, &asked["variables"])));
    Ok(Root {
        name: field.name.clone(),
        arguments: arguments.collect(),
        field,
    })
}

impl Root {
    /// The answer, of the whole object that the root field has.
    pub(crate) fn answer(&self, whole: &Value) -> Value {
        let name = self.field.alias.as_ref().unwrap_or(&self.field.name);
        json!({"data": {name: select(&self.field.selection_set, whole)}})
    }
}

fn plain(argument: &Arg<'static, String>, variables: &Value) -> Value {
    match argument {
        Arg::Variable(name) => variables[name].clone(),
        Arg::String(text) | Arg::Enum(text) => text.clone().into(),
        Arg::Boolean(flag) => (*flag).into(),
        Arg::Int(number) => number.as_i64().into(),
        _ => Value::Null,
    }
}

fn select(selected: &SelectionSet<'static, String>, whole: &Value) -> Value {
    match whole {
        Value::Array(items) => items.iter().map(|item| select(selected, item)).collect(),
        Value::Object(_) if !selected.items.is_empty() => {
            let fields = selected
                .items
                .iter()
                .filter_map(|selection| match selection {
                    Selection::Field(field) => Some(field),
                    _ => None,
                });
            let chosen = fields.map(|field| {
                let there = whole.get(&field.name);
                let there = there.unwrap_or_else(|| panic!("there is no field {}", field.name));
                let name = field.alias.as_ref().unwrap_or(&field.name);
                (name.clone(), select(&field.selection_set, there))
            });
            Value::Object(chosen.collect())
        }
        other => other.clone(),
    }
}
