//! The description of the API (OpenAPI 3.1): the enclave's routes, and what this program adds to them. Served as it is,
//! and as a page to read, which is made of it at the start and needs no script.
//!
//! The file is made from the enclave's by a test (`cargo xtask openapi` writes it), which fails when they differ.

use serde_json::{Map, Value};

/// As it is served.
pub(crate) const JSON: &[u8] = include_bytes!("openapi.json");
/// How the page looks.
pub(crate) const STYLE: &str = include_str!("docs.css");

/// The page.
pub(crate) fn page() -> String {
    let described: Value = serde_json::from_slice(JSON).unwrap_or_default();
    let (mut index, mut routes) = (String::new(), String::new());
    for (path, methods) in members(&described, "paths") {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let (method, id) = (method.to_ascii_uppercase(), text(operation, "operationId"));
            let name = format!("<span class=\"method\">{method}</span> {}", escaped(path));
            index.push_str(&format!("<li><a href=\"#{id}\">{name}</a></li>\n", id = escaped(id)));
            routes.push_str(&route(id, &name, operation));
        }
    }
    let schemas: String =
        members(at(&described, "components"), "schemas").map(|(name, schema)| shape(name, schema)).collect();
    let (title, about) =
        (escaped(text(at(&described, "info"), "title")), prose(text(at(&described, "info"), "description")));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/docs.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#routes\">To the routes</a>\n<header>\n<h1>{title}</h1>\n<p>{about}</p>\n\
         <p>The same for programs: <a href=\"/openapi.json\">openapi.json</a></p>\n</header>\n\
         <nav aria-label=\"Routes\">\n<ul>\n{index}</ul>\n</nav>\n<main>\n\
         <section aria-labelledby=\"routes\">\n<h2 id=\"routes\">Routes</h2>\n{routes}</section>\n\
         <section aria-labelledby=\"shapes\">\n<h2 id=\"shapes\">Shapes</h2>\n{schemas}</section>\n\
         </main>\n</body>\n</html>\n"
    )
}

/// A route: what it takes and what it answers.
fn route(id: &str, name: &str, operation: &Value) -> String {
    let id = escaped(id);
    let mut page = format!("<article aria-labelledby=\"{id}\">\n<h3 id=\"{id}\"><code>{name}</code></h3>\n");
    for words in [text(operation, "summary"), text(operation, "description")] {
        if !words.is_empty() {
            page.push_str(&format!("<p>{}</p>\n", prose(words)));
        }
    }
    let parameters: Vec<[String; 3]> = list(operation, "parameters")
        .map(|parameter| {
            let place = format!(
                "<code>{}</code>, {}",
                escaped(text(parameter, "name")),
                escaped(text(parameter, "in"))
            );
            [place, kind(at(parameter, "schema")), prose(text(parameter, "description"))]
        })
        .collect();
    if !parameters.is_empty() {
        page.push_str(&table("Parameters", ["name", "kind", "what it is"], &parameters));
    }
    if let Some(body) = operation.get("requestBody") {
        let row = [kinds(body), prose(text(body, "description"))];
        page.push_str(&table("Body", ["kind", "what it is"], &[row]));
    }
    let answers: Vec<[String; 3]> = members(operation, "responses")
        .map(|(status, answer)| {
            [format!("<code>{}</code>", escaped(status)), kinds(answer), prose(text(answer, "description"))]
        })
        .collect();
    page.push_str(&table("Answers", ["status", "kind", "what it is"], &answers));
    page.push_str("</article>\n");
    page
}

/// A named shape: its members, or the kinds that it may be.
fn shape(name: &str, schema: &Value) -> String {
    let name = escaped(name);
    let mut page =
        format!("<article aria-labelledby=\"{name}\">\n<h3 id=\"{name}\"><code>{name}</code></h3>\n");
    let words = text(schema, "description");
    if !words.is_empty() {
        page.push_str(&format!("<p>{}</p>\n", prose(words)));
    }
    let mut rows = Vec::new();
    for schema in core::iter::once(schema).chain(list(schema, "anyOf")) {
        fields(schema, "", &mut rows);
    }
    if rows.is_empty() {
        page.push_str(&format!("<p>{}</p>\n", kind(schema)));
    } else {
        page.push_str(&table("Members", ["name", "kind", "what it is"], &rows));
    }
    page.push_str("</article>\n");
    page
}

/// The members of an object, and of those in it, each by its path.
fn fields(schema: &Value, above: &str, rows: &mut Vec<[String; 3]>) {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    for (name, of) in members(schema, "properties") {
        let path = format!("{above}{name}");
        let needed = if required.contains(&name.as_str()) { "" } else { ", optional" };
        rows.push([
            format!("<code>{}</code>", escaped(&path)),
            format!("{}{needed}", kind(of)),
            prose(text(of, "description")),
        ]);
        fields(of, &format!("{path}."), rows);
        fields(at(of, "items"), &format!("{path}[]."), rows);
    }
}

/// The kinds of a body.
fn kinds(body: &Value) -> String {
    let kinds = members(body, "content").map(|(media, content)| {
        format!("{} as <code>{}</code>", kind(at(content, "schema")), escaped(media))
    });
    kinds.collect::<Vec<_>>().join("<br>")
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = at(schema, "$ref").as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let literal = |value: &Value| format!("<code>{}</code>", escaped(&value.to_string()));
    if let Some(constant) = schema.get("const") {
        return literal(constant);
    }
    if list(schema, "enum").next().is_some() {
        return list(schema, "enum").map(literal).collect::<Vec<_>>().join(" or ");
    }
    if list(schema, "anyOf").next().is_some() {
        return list(schema, "anyOf").map(kind).collect::<Vec<_>>().join(" or ");
    }
    let names: Vec<String> = match at(schema, "type") {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec!["anything".to_owned()],
    };
    let mut words = escaped(&names.join(" or "));
    if schema.get("items").is_some() {
        words.push_str(&format!(" of {}", kind(at(schema, "items"))));
    }
    for (bound, sign) in
        [("format", ""), ("pattern", ""), ("minimum", "from "), ("maximum", "to "), ("maxLength", "at most ")]
    {
        if let Some(value) = schema.get(bound) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            words.push_str(&format!(", {sign}<code>{}</code>", escaped(&value)));
        }
    }
    words
}

/// A table that scrolls by itself where the screen is narrow.
fn table<const N: usize>(title: &str, head: [&str; N], rows: &[[String; N]]) -> String {
    let head: String = head.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    let row = |row: &[String; N]| -> String {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<h4>{title}</h4>\n<div class=\"scroll\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\">\n<table>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

fn members<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    of.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn at<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text in HTML, also in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A sentence, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        })
        .collect()
}
