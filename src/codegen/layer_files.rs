//! The files of one layer: its module, tables, weights and biases.

use super::layer::{LayerContext, tag};
use super::leaves::Leaves;
use super::memories::{ActivationRomContext, Memory};
use super::render::{TemplateError, render};
use crate::hardware::{LayerDesign, LayerWeights};
use crate::quantize::{ActivationTables, QuantizedModel};
use crate::spec::{Implementation, MemoryInit};
use std::collections::BTreeMap;

/// Adds the files of one layer: its module, tables where it has some, weights and biases, and the table of the
/// embedding before it.
pub(super) fn layer_files(
    implementation: &Implementation,
    model: &QuantizedModel,
    (index, weights, leaves): (usize, LayerWeights<'_>, Leaves<'_>),
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<LayerContext, TemplateError> {
    let design = leaves.layer;
    let (name, init) = (&implementation.name, implementation.memory_init);
    let tag = tag(design.spec());
    let mut add =
        |file: String, text: String| files.insert(format!("rtl/{file}"), text.into_bytes());

    if design.spec().is_recurrent() {
        let tables_module = format!("{name}_l{tag}_tables");
        let tables = ActivationTables::new(design.spec().z, design.spec().a_frac);
        let context = ActivationRomContext::new(tables_module.clone(), design, &tables);
        let text = render(tables_template(init), &context)?;
        add(format!("{tables_module}.v"), text);
    }

    let memories = memories(name, model, (weights, design));
    for memory in &memories {
        match init {
            MemoryInit::Readmemh => {
                let rows = memory.image.hex_rows();
                add(
                    memory.file_name(),
                    rows.flat_map(|row| [row, "\n".into()]).collect(),
                );
            }
            MemoryInit::Inline => {
                let text = render("inline_rom.v.tera", &memory.inline_context())?;
                add(format!("{}.v", memory.name), text);
            }
        }
    }

    let roms = memories.iter().map(|memory| memory.rom(init)).collect();
    let context = LayerContext::new(index, name, leaves, roms);
    add(
        format!("{name}_l{tag}.v"),
        render("layer.v.tera", &context)?,
    );
    Ok(context)
}

/// The read-only memories of a layer, with the embedding's table before the first.
fn memories(
    name: &str,
    model: &QuantizedModel,
    (weights, design): (LayerWeights<'_>, &LayerDesign),
) -> Vec<Memory> {
    let tag = tag(design.spec());
    let embedding = model.embedding.as_ref();
    let embedding = embedding.filter(|_| design.spec().vocabulary.is_some());
    let embedding = embedding.map(|embedding| {
        (
            ("embedding", "embedding"),
            design.embedding_memory(),
            design.embedding_image(embedding),
        )
    });
    [
        (
            ("weights", "weight"),
            design.weight_memory(),
            design.weight_image(weights),
        ),
        (
            ("biases", "bias"),
            design.bias_memory(),
            design.bias_image(weights),
        ),
    ]
    .into_iter()
    .chain(embedding)
    .map(|(contents, shape, image)| Memory {
        name: format!("{name}_l{tag}_{}", contents.0),
        style: shape.rom_style(),
        image,
        contents,
    })
    .collect()
}

/// The template of the activation tables: a memory with two read ports, or, where no `initial` block may
/// be, two tables in logic, which synthesis for an FPGA makes memories of as well.
fn tables_template(init: MemoryInit) -> &'static str {
    match init {
        MemoryInit::Readmemh => "activation_rom.v.tera",
        MemoryInit::Inline => "inline_tables.v.tera",
    }
}
