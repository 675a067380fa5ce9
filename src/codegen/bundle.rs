//! All files of a design, in memory.

use super::context::{ActivationRomContext, Memory, TopContext};
use super::interface::{Interface, SCHEMA, StreamPort, Timing};
use super::layer::LayerContext;
use super::library::{Part, Renderer, TemplateError, library_files};
use super::parameters::Leaves;
use super::testbench::{Vectors, testbench};
use crate::diagnostic::Problem;
use crate::fixed::QFormat;
use crate::hardware::{Design, MacArray, element_width};
use crate::quantize::{ActivationTables, Layer, QuantizedModel};
use crate::spec::{Implementation, MemoryInit, StatePolicy};
use std::collections::BTreeMap;

/// A design as files: relative path to contents.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The core's signature.
    pub interface: Interface,
    /// Files by path relative to the bundle's folder, `/` between parts.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Generates the hardware of `design`, which is that of `model`.
    ///
    /// `model_digest` is printed in the header of the top module.
    pub fn generate(
        model: &QuantizedModel,
        design: &Design,
        implementation: &Implementation,
        model_digest: &str,
    ) -> Result<Self, Problem> {
        refuse_row_scales(model)?;
        let renderer = Renderer::new()?;
        let name = &implementation.name;
        let mut files = BTreeMap::new();
        for part in parts(design, implementation.memory_init) {
            let library = library_files(part).into_iter();
            files.extend(library.map(|(file, text)| (format!("rtl/{file}"), text.into_bytes())));
        }

        let mut layers = Vec::new();
        for (index, (layer, folded)) in model.layers.iter().zip(design.layers()).enumerate() {
            let leaves = Leaves {
                layer: folded,
                small_memory_style: design.small_memory_style(),
            };
            layers.push(layer_files(
                &renderer,
                implementation,
                (index, layer, leaves),
                &mut files,
            )?);
        }

        let top_path = format!("rtl/{name}_top.v");
        let interface = Interface::new(model, design, implementation);
        let mut stream_widths: Vec<usize> = model
            .layers
            .iter()
            .map(|layer| design.stream_elements() * element_width(layer.x.bits))
            .collect();
        stream_widths.push(interface.output.elements_per_beat * interface.output.element_width);
        let top = TopContext::new(&interface, model_digest.to_owned(), layers, &stream_widths);
        files.insert(top_path, renderer.render("top.v.tera", &top)?.into_bytes());
        Ok(Self { interface, files })
    }
}

/// Adds the files of one layer: its module, tables, weights and biases.
fn layer_files(
    renderer: &Renderer,
    implementation: &Implementation,
    (index, layer, leaves): (usize, &Layer, Leaves<'_>),
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<LayerContext, TemplateError> {
    let design = leaves.layer;
    let (name, init) = (&implementation.name, implementation.memory_init);
    let mut add =
        |file: String, text: String| files.insert(format!("rtl/{file}"), text.into_bytes());

    let tables_module = format!("{name}_l{index}_tables");
    let tables = ActivationTables::new(layer.z, layer.a_frac);
    let context = ActivationRomContext::new(tables_module.clone(), design, &tables);
    let text = renderer.render(tables_template(init), &context)?;
    add(format!("{tables_module}.v"), text);

    let memories = [
        (
            ("weights", "weight"),
            design.weight_memory(),
            design.weight_image(layer),
        ),
        (
            ("biases", "bias"),
            design.bias_memory(),
            design.bias_image(layer),
        ),
    ]
    .map(|(contents, shape, image)| Memory {
        name: format!("{name}_l{index}_{}", contents.0),
        style: shape.rom_style(),
        image,
        contents,
    });
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
                let text = renderer.render("inline_rom.v.tera", &memory.inline_context())?;
                add(format!("{}.v", memory.name), text);
            }
        }
    }

    let roms = memories.iter().map(|memory| memory.rom(init)).collect();
    let context = LayerContext::new(index, name, leaves, roms);
    add(
        format!("{name}_l{index}.v"),
        renderer.render("layer.v.tera", &context)?,
    );
    Ok(context)
}

/// Parts of the library that a design is made of.
fn parts(design: &Design, init: MemoryInit) -> impl Iterator<Item = Part> {
    let arrays: Vec<_> = design
        .layers()
        .iter()
        .map(|layer| array_part(layer.folding().mac))
        .collect();
    Part::ALL.into_iter().filter(move |part| match part {
        Part::Common | Part::LaneLstm => true,
        Part::Rom => init == MemoryInit::Readmemh,
        Part::ArrayLut | Part::ArrayDsp | Part::ArrayMult => arrays.contains(part),
    })
}

/// The part that has an array's module.
const fn array_part(mac: MacArray) -> Part {
    match mac {
        MacArray::Lut { .. } => Part::ArrayLut,
        MacArray::Dsp(packing) if packing.bare => Part::ArrayMult,
        MacArray::Dsp(_) => Part::ArrayDsp,
    }
}

/// The template of the activation tables: a memory with two read ports, or, where no `initial` block may
/// be, two tables in logic, which synthesis for an FPGA makes memories of as well.
fn tables_template(init: MemoryInit) -> &'static str {
    match init {
        MemoryInit::Readmemh => "activation_rom.v.tera",
        MemoryInit::Inline => "inline_tables.v.tera",
    }
}

impl Bundle {
    /// Adds the self-checking test bench with its vectors.
    pub fn add_testbench(&mut self, vectors: Vectors<'_>) -> Result<(), Problem> {
        self.files
            .extend(testbench(&Renderer::new()?, &self.interface, vectors)?);
        Ok(())
    }
}

fn refuse_row_scales(model: &QuantizedModel) -> Result<(), Problem> {
    match model
        .layers
        .iter()
        .position(|layer| layer.row_scale.is_some())
    {
        None => Ok(()),
        Some(index) => Err(Problem::within(
            format!("layers.{index}.row_scale"),
            "the hardware has no per-row multiplier",
        )
        .help("quantise without row scales")),
    }
}

impl Interface {
    /// The signature of the core that [`Bundle::generate`] writes of the same arguments, without
    /// making any of its files.
    #[must_use]
    pub fn new(model: &QuantizedModel, design: &Design, implementation: &Implementation) -> Self {
        let (sources, memories) = file_names(design, implementation);
        signature(model, design, implementation, sources, memories)
    }
}

/// Sources in compile order, and memory files.
fn file_names(design: &Design, implementation: &Implementation) -> (Vec<String>, Vec<String>) {
    let name = &implementation.name;
    let mut sources: Vec<String> = parts(design, implementation.memory_init)
        .flat_map(library_files)
        .map(|(file, _)| format!("rtl/{file}"))
        .collect();
    let mut memories = Vec::new();
    for layer in 0..design.layers().len() {
        sources.push(format!("rtl/{name}_l{layer}_tables.v"));
        let images = ["weights", "biases"].map(|suffix| format!("rtl/{name}_l{layer}_{suffix}"));
        match implementation.memory_init {
            MemoryInit::Readmemh => memories.extend(images.map(|image| image + ".mem")),
            MemoryInit::Inline => sources.extend(images.map(|image| image + ".v")),
        }
        sources.push(format!("rtl/{name}_l{layer}.v"));
    }
    sources.push(format!("rtl/{name}_top.v"));
    (sources, memories)
}

fn signature(
    model: &QuantizedModel,
    design: &Design,
    implementation: &Implementation,
    sources: Vec<String>,
    memories: Vec<String>,
) -> Interface {
    let first = &model.layers[0];
    let last = &model.layers[model.layers.len() - 1];
    let port = |prefix: &str, elements: usize, format: QFormat| StreamPort {
        prefix: prefix.into(),
        elements,
        elements_per_beat: design.stream_elements(),
        element_width: element_width(format.bits),
        beats_per_step: elements.div_ceil(design.stream_elements()),
        format,
    };
    Interface {
        schema: SCHEMA,
        top: format!("{}_top", implementation.name),
        clock: "aclk".into(),
        reset_n: "aresetn".into(),
        state_clear: (implementation.state == StatePolicy::HostPulse).then(|| "state_clear".into()),
        state: implementation.state,
        input: port("s_axis", first.input_size, first.x),
        input_offset: model.input_offset.clone(),
        output: port("m_axis", last.hidden_size, last.h),
        timing: Timing {
            cycles_per_step: design.cycles().per_step,
            filling: design.cycles().filling.clone(),
            repeating: design.cycles().repeating.clone(),
            latency: design.cycles().latency,
            macs_per_step: design.macs_per_step(),
            macs_per_cycle: design.macs_per_cycle(),
        },
        sources,
        memories,
    }
}
