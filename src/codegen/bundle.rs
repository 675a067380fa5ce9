//! All files of a design, in memory.

use super::context::{ActivationRomContext, LayerContext, Memory, TopContext};
use super::interface::{Interface, SCHEMA, StreamPort, Timing};
use super::library::{Renderer, library_files};
use super::testbench::{Vectors, testbench};
use crate::diagnostic::Problem;
use crate::fixed::QFormat;
use crate::hardware::{Design, element_width};
use crate::quantize::{ActivationTables, QuantizedModel};
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
        let init = implementation.memory_init;
        let mut files = BTreeMap::new();
        for (file, text) in library_files() {
            files.insert(format!("rtl/{file}"), text.into_bytes());
        }

        let mut layers = Vec::new();
        for (index, (layer, folded)) in model.layers.iter().zip(design.layers()).enumerate() {
            let tables_module = format!("{name}_l{index}_tables");
            let tables = ActivationTables::new(layer.z, layer.a_frac);
            let context = ActivationRomContext::new(tables_module.clone(), folded, &tables);
            let path = format!("rtl/{tables_module}.v");
            files.insert(
                path,
                renderer
                    .render(tables_template(init), &context)?
                    .into_bytes(),
            );

            let net = |what: &str| {
                (
                    format!("l{index}_{what}_addr"),
                    format!("l{index}_{what}_data"),
                )
            };
            let memories = [
                (
                    "weights",
                    "weight",
                    folded.weight_memory(),
                    folded.weight_image(layer),
                ),
                (
                    "biases",
                    "bias",
                    folded.bias_memory(),
                    folded.bias_image(layer),
                ),
            ]
            .map(|(suffix, what, shape, image)| Memory {
                name: format!("{name}_l{index}_{suffix}"),
                style: shape.rom_style(),
                image,
                nets: net(what),
            });
            for memory in &memories {
                match init {
                    MemoryInit::Readmemh => {
                        let path = format!("rtl/{}", memory.file_name());
                        let text: String = memory
                            .image
                            .hex_rows()
                            .flat_map(|row| [row, "\n".into()])
                            .collect();
                        files.insert(path, text.into_bytes());
                    }
                    MemoryInit::Inline => {
                        let path = format!("rtl/{}.v", memory.name);
                        let text =
                            renderer.render("inline_rom.v.tera", &memory.inline_context())?;
                        files.insert(path, text.into_bytes());
                    }
                }
            }
            layers.push(LayerContext::new(
                index,
                folded,
                design.small_memory_style(),
                tables_module,
                &memories,
                init,
            ));
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
        let (sources, memories) = file_names(model.layers.len(), implementation);
        signature(model, design, implementation, sources, memories)
    }
}

/// Sources in compile order, and memory files.
fn file_names(layers: usize, implementation: &Implementation) -> (Vec<String>, Vec<String>) {
    let name = &implementation.name;
    let mut sources: Vec<String> = library_files()
        .into_iter()
        .map(|(file, _)| format!("rtl/{file}"))
        .collect();
    let mut memories = Vec::new();
    for layer in 0..layers {
        sources.push(format!("rtl/{name}_l{layer}_tables.v"));
        let images = ["weights", "biases"].map(|suffix| format!("rtl/{name}_l{layer}_{suffix}"));
        match implementation.memory_init {
            MemoryInit::Readmemh => memories.extend(images.map(|image| image + ".mem")),
            MemoryInit::Inline => sources.extend(images.map(|image| image + ".v")),
        }
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
