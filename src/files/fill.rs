//! Templates of pages and pictures.

use serde::Serialize;
use tera::{Context, Tera};

/// A template with its values, as they are or made safe for HTML.
///
/// # Panics
/// Never: the templates are compiled in, and every part of them is tested.
#[must_use]
pub fn fill(template: &str, values: &impl Serialize, html: bool) -> String {
    let context = Context::from_serialize(values).expect("plain data");
    Tera::one_off(template, &context, html).expect("a template of ours")
}
