//! A statement as its elements: names and attributes, no DTD, no entities but the five of XML and characters by their number.
//!
//! What breaks off or is no XML was damaged on its way and is asked for again.

use crate::{VenueError, dialect::wrong};
use ledger::{Decimal, Timestamp};
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};

/// The root of every statement.
const STATEMENTS: &str = "FlexQueryResponse";
/// The root of every other answer.
const RESPONSE: &str = "FlexStatementResponse";
/// What a statement nests is about six deep.
const DEPTH_MAX: usize = 64;

/// An element of a statement.
pub(super) struct Element {
    endpoint: &'static str,
    attributes: Vec<(String, String)>,
}

/// The name of the root, if there is one.
pub(super) fn root(body: &[u8]) -> Option<String> {
    let mut reader = reader(body)?;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => return Some(start.name().0.to_owned()),
            Event::Eof | Event::DocType(_) => return None,
            _ => {}
        }
    }
}

/// All elements of those names in a statement, in their order.
pub(super) fn elements(
    endpoint: &'static str,
    body: &[u8],
    names: &[&str],
) -> Result<Vec<Element>, VenueError> {
    let mut found = Vec::new();
    walk(endpoint, body, STATEMENTS, |event, _| {
        if let Event::Start(start) | Event::Empty(start) = event
            && names.contains(&start.name().0)
        {
            found.push(Element { endpoint, attributes: attributes(endpoint, start)? });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The elements within the root of a short answer, each with its text.
pub(super) fn texts(endpoint: &'static str, body: &[u8]) -> Result<Vec<(String, String)>, VenueError> {
    let mut found: Vec<(String, String)> = Vec::new();
    walk(endpoint, body, RESPONSE, |event, depth| {
        match (event, depth) {
            (Event::Start(start) | Event::Empty(start), 1) => {
                found.push((start.name().0.to_owned(), String::new()));
            }
            (Event::Text(_) | Event::CData(_) | Event::GeneralRef(_), 2) => {
                if let Some((_, text)) = found.last_mut() {
                    text.push_str(&content(endpoint, event)?);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    for (_, text) in &mut found {
        *text = text.trim().to_owned();
    }
    Ok(found)
}

/// Every event, with how many elements are open before it.
fn walk(
    endpoint: &'static str,
    body: &[u8],
    root: &'static str,
    mut each: impl FnMut(&Event<'_>, usize) -> Result<(), VenueError>,
) -> Result<(), VenueError> {
    let mut reader = reader(body).ok_or(VenueError::Retry)?;
    let (mut depth, mut seen) = (0_usize, false);
    loop {
        // Ends that do not match their beginnings are errors of the reader.
        let event = reader.read_event().map_err(|_| VenueError::Retry)?;
        let opens = matches!(event, Event::Start(_));
        if let Event::Start(start) | Event::Empty(start) = &event
            && depth == 0
        {
            if !seen && is_page(start.name().0) {
                return Err(VenueError::Retry);
            }
            if seen || start.name().0 != root {
                return Err(wrong(endpoint, root));
            }
            seen = true;
        }
        match &event {
            Event::DocType(kind) if !seen && is_page(kind) => return Err(VenueError::Retry),
            Event::DocType(_) => return Err(wrong(endpoint, "DOCTYPE")),
            Event::Eof if depth == 0 && seen => return Ok(()),
            Event::Eof => return Err(VenueError::Retry),
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => each(&event, depth)?,
        }
        if opens {
            depth = depth.saturating_add(1);
            if depth > DEPTH_MAX {
                return Err(wrong(endpoint, "an element within too many others"));
            }
        }
    }
}

/// A page for people, in place of the answer: of a gateway, or of maintenance.
fn is_page(name: &str) -> bool {
    name.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("html"))
}

fn reader(body: &[u8]) -> Option<Reader<&[u8]>> {
    let text = core::str::from_utf8(body).ok()?;
    Some(Reader::from_str(text.trim_start_matches('\u{feff}')))
}

fn attributes(endpoint: &'static str, start: &BytesStart<'_>) -> Result<Vec<(String, String)>, VenueError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| VenueError::Retry)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|_| wrong(endpoint, "an entity"))?.into_owned();
        attributes.push((attribute.key.0.to_owned(), value));
    }
    Ok(attributes)
}

fn content(endpoint: &'static str, event: &Event<'_>) -> Result<String, VenueError> {
    match event {
        Event::Text(text) => Ok(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
        Event::CData(data) => Ok(data.xml_content(XmlVersion::Implicit1_0).into_owned()),
        Event::GeneralRef(entity) => {
            let numbered = entity.resolve_char_ref().map_err(|_| wrong(endpoint, "an entity"))?;
            let named = resolve_xml_entity(entity).map(str::to_owned);
            numbered.map(String::from).or(named).ok_or_else(|| wrong(endpoint, "an entity"))
        }
        _ => Ok(String::new()),
    }
}

impl Element {
    /// An attribute is at fault.
    pub(super) fn wrong(&self, field: &'static str) -> VenueError {
        wrong(self.endpoint, field)
    }

    /// An attribute that is there and not empty. Where there is nothing to say, statements have a dash or two.
    pub(super) fn maybe(&self, field: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(name, _)| name == field)?;
        (!matches!(value.trim(), "" | "-" | "--" | "N/A")).then_some(value)
    }

    /// The first of these that is there.
    pub(super) fn first(&self, fields: &[&str]) -> Option<&str> {
        fields.iter().find_map(|field| self.maybe(field))
    }

    /// An attribute that must be there.
    pub(super) fn text(&self, field: &'static str) -> Result<&str, VenueError> {
        self.maybe(field).ok_or_else(|| self.wrong(field))
    }

    /// A number, if it is there; thousands may be set off by commas.
    pub(super) fn maybe_decimal(&self, field: &'static str) -> Result<Option<Decimal>, VenueError> {
        let Some(text) = self.maybe(field) else { return Ok(None) };
        text.trim().replace(',', "").parse().map(Some).map_err(|_| self.wrong(field))
    }

    /// A number.
    pub(super) fn decimal(&self, field: &'static str) -> Result<Decimal, VenueError> {
        self.maybe_decimal(field)?.ok_or_else(|| self.wrong(field))
    }

    /// An instant.
    pub(super) fn time(&self, field: &'static str) -> Result<Timestamp, VenueError> {
        super::when::instant(self.text(field)?).ok_or_else(|| self.wrong(field))
    }
}
