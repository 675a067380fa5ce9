//! The parameters of every hand-written module that a layer is made of, each with its value from the design.

use super::literal;
use super::parameters::{Parameters, parameters};
use crate::fixed::QFormat;
use crate::hardware::{Event, Folding, LayerDesign, MacArray, MemoryShape, element_width};

/// One layer, from whose numbers the parameters of its modules follow.
#[derive(Clone, Copy)]
pub struct Leaves<'a> {
    /// The layer.
    pub layer: &'a LayerDesign,
    /// Style that written memories ask for.
    pub small_memory_style: &'a str,
}

impl Leaves<'_> {
    /// Phase of something that the cell's program has.
    fn phase(&self, event: Event) -> usize {
        let phase = self.layer.folding().timing.phase(event);
        phase.expect("the lane's module is one of the cell's program")
    }

    /// Ports of the lane that are high in one phase, with the phase.
    #[must_use]
    pub fn strobes(&self) -> Vec<(&'static str, usize)> {
        let strobes = self.layer.spec().cell.strobes.iter();
        strobes
            .map(|&(port, event)| (port, self.phase(event)))
            .collect()
    }

    /// The phases of the first and of the last pre-activation; of a dense layer, which has none, of nothing.
    #[must_use]
    pub fn pre_activations(&self) -> (usize, usize) {
        if !self.layer.spec().is_recurrent() {
            return (0, 0);
        }
        let last = self.layer.spec().turns() - 1;
        (
            self.phase(Event::PreActivation(0)),
            self.phase(Event::PreActivation(last)),
        )
    }

    /// Writes to places of the vector buffer that hold no element: 0 none, 1 of anything, 2 of zeros.
    ///
    /// Their weight is 0, whose product is 0 whatever the operand is; in simulation, undefined operands
    /// make it undefined in every array but one. Odd weights have no 0: there the operand must be 0.
    fn padding(&self) -> usize {
        match self.layer.folding().mac {
            _ if self.layer.spec().weights().is_odd() => 2,
            MacArray::Lut {
                mux_register: false,
            } => 0,
            MacArray::Lut { .. } | MacArray::Dsp(_) => 1,
        }
    }

    /// Parameters of the modules around the array and the lanes, by the name of the instance.
    #[must_use]
    pub fn modules(&self) -> Vec<(&'static str, Parameters)> {
        let mut modules = self.operands();
        modules.extend(self.control());
        modules.extend(self.results());
        modules
    }

    fn operands(&self) -> Vec<(&'static str, Parameters)> {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        let style = literal::string(self.small_memory_style);
        let mut step_buffer = parameters! {
            BEATS: folding.in_beats(),
            SLOTS: folding.x_slots,
            BLOCKS: folding.blocks,
        };
        if spec.waits_for_last() {
            step_buffer.extend(parameters! { ONLY_LAST: 1 });
        }
        let mut operands = parameters! {
            INPUT_SIZE: spec.input_size,
            ELEMENTS: folding.in_elements,
            COLUMNS: folding.columns,
            X_W: spec.x.bits,
            X_ODD: u8::from(spec.x.is_odd()),
            ACT_W: spec.operand_bits(),
            BLOCKS: folding.blocks,
            PAD: self.padding(),
        };
        let mut h_writer = parameters! {
            HIDDEN: spec.hidden_size,
            LANES: folding.units,
            COLUMNS: folding.columns,
            H_W: spec.h.bits,
            ACT_W: spec.operand_bits(),
            X_BLOCKS: folding.x_blocks,
            BLOCKS: folding.blocks,
            PAD: self.padding(),
        };
        let mut vector_buffer = parameters! {
            COLUMNS: folding.columns,
            USED: folding.used_columns(),
            ACT_W: spec.operand_bits(),
            BLOCKS: folding.blocks,
            CHAIN: folding.chain,
            STAGE: folding.mac.stage_columns(),
            STYLE: style,
        };
        for module in [&mut step_buffer, &mut operands, &mut vector_buffer] {
            module.extend(banks(folding));
        }
        h_writer.extend(contexts(folding));
        vec![
            ("step_buffer", step_buffer),
            ("operands", operands),
            ("h_writer", h_writer),
            ("vector_buffer", vector_buffer),
        ]
    }

    fn control(&self) -> Vec<(&'static str, Parameters)> {
        let folding = self.layer.folding();
        let mut sequencer = parameters! {
            X_BLOCKS: folding.x_blocks,
            H_BLOCKS: folding.h_blocks,
            BLOCKS: folding.blocks,
            GROUPS: folding.groups,
            CHAIN: folding.chain,
            RESULTS: 1 << folding.queue_log2,
            FORBIDDEN: literal::hex(32, &format!("{:08x}", folding.timing.forbidden_mask())),
        };
        let mut command = parameters! {
            BLOCKS: folding.blocks,
            GROUPS: folding.groups,
            START: u8::from(folding.start_register),
            CHAIN: folding.chain,
            LATENCY: folding.mac_latency,
            CONTEXT_W: folding.context_bits(),
        };
        // Without a state, phases that are there; without a second turn, one that nobody looks at.
        let (read, write) = if self.layer.spec().is_recurrent() {
            (self.phase(Event::Load(0)) - 1, self.phase(Event::Store(0)))
        } else {
            (0, 1)
        };
        let lane_control = parameters! {
            GROUPS: folding.groups,
            SUMS: self.layer.spec().turns().max(2),
            DEPTH: folding.timing.depth(),
            STATE_READ: read,
            STATE_WRITE: write,
            CONTEXT_W: folding.context_bits(),
        };
        sequencer.extend(contexts(folding));
        command.extend(banks(folding));
        // Two bits a turn, the first lowest.
        let codes = self.layer.spec().cell.codes().enumerate();
        let gates = codes.fold(0, |all, (turn, code)| all | code << (2 * turn));
        let mut modules = vec![
            ("sequencer", sequencer),
            ("command", command),
            ("lane_control", lane_control),
            (
                "trace",
                parameters! { GROUPS: folding.groups, GATES: literal::hex(8, &format!("{gates:02x}")) },
            ),
        ];
        if folding.contexts > 1 {
            modules.push(("turn", contexts(folding)));
        }
        modules
    }

    /// Parameters of the embedding before the layer, whose indices have `index_w` bits on the stream; `None`
    /// where there is none.
    #[must_use]
    pub fn embedding(&self, index_w: usize) -> Option<Parameters> {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        let rows = spec.vocabulary?;
        Some(parameters! {
            ROWS: rows,
            INDEX_W: index_w,
            BEATS: folding.in_beats(),
            ELEMENTS: folding.in_elements,
            X_W: spec.x.bits,
            X_ODD: u8::from(spec.x.is_odd()),
            STYLE: literal::string(self.small_memory_style),
        })
    }

    /// Parameters of what finds the largest sum behind the layer; `None` where nothing does.
    #[must_use]
    pub fn argmax(&self) -> Option<Parameters> {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        spec.gives_index().then(|| {
            parameters! {
                COUNT: spec.hidden_size,
                ELEMENTS: folding.out_elements,
                WIDTH: spec.h.bits,
            }
        })
    }

    /// Style that a memory of sequences asks for: block RAM where it has enough words.
    fn sequence_style(&self, shape: MemoryShape) -> String {
        literal::string(if shape.in_block_ram() {
            shape.rom_style()
        } else {
            self.small_memory_style
        })
    }

    /// Parameters of what stands around a pass backward, or waits for one, by the name of the instance.
    #[must_use]
    pub fn directions(&self) -> Vec<(&'static str, Parameters)> {
        let (layer, spec, folding) = (self.layer, self.layer.spec(), self.layer.folding());
        let codes = |format: QFormat, elements: usize, shape: MemoryShape| {
            parameters! {
                ELEMENTS: elements,
                CODE_W: format.bits,
                CODE_ODD: u8::from(format.is_odd()),
                STYLE: self.sequence_style(shape),
            }
        };
        let reverser = |beats: usize, of: Parameters| {
            let mut all = parameters! { STEPS: folding.max_steps, BEATS: beats };
            all.extend(of);
            all
        };
        let mut modules = Vec::new();
        if spec.pass.backward {
            let before = codes(spec.x, folding.in_elements, layer.memory_before());
            modules.push(("before", reverser(folding.in_beats(), before)));
        }
        if spec.pass.turns_back() {
            let behind = codes(spec.h, folding.out_elements, layer.memory_behind());
            modules.push(("behind", reverser(folding.out_beats(), behind)));
        }
        if spec.pass.is_forward_half() {
            let shape = layer.waiting_memory();
            let mut waiting = parameters! { DEPTH: shape.depth };
            waiting.extend(codes(spec.h, folding.out_elements, shape));
            modules.push(("waiting", waiting));
        }
        if spec.pass.is_backward_half() {
            let width = folding.out_elements * element_width(spec.h.bits);
            modules.push((
                "join",
                parameters! { BEATS: folding.out_beats(), WIDTH: width },
            ));
        }
        modules
    }

    fn results(&self) -> Vec<(&'static str, Parameters)> {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        let style = literal::string(self.small_memory_style);
        let state = parameters! {
            WIDTH: folding.units * spec.c.bits as usize,
            DEPTH: self.layer.state_memory().depth,
            LATENCY: 1,
            STYLE: style,
        };
        let group_fifo = parameters! {
            WIDTH: folding.units * spec.h.bits as usize + 3,
            DEPTH: 1 << folding.queue_log2,
            STYLE: style,
        };
        let serializer = parameters! {
            HIDDEN: spec.hidden_size,
            LANES: folding.units,
            ELEMENTS: folding.out_elements,
            H_W: spec.h.bits,
            H_ODD: u8::from(spec.h.is_odd()),
        };
        vec![
            ("state", state),
            ("group_fifo", group_fifo),
            ("serializer", serializer),
        ]
    }
}

/// The parameter of what knows how many sequences come in turn; one is its default.
fn contexts(folding: &Folding) -> Parameters {
    if folding.contexts == 1 {
        return Parameters::new();
    }
    parameters! { CONTEXTS: folding.contexts }
}

/// The parameter of what addresses the vector buffer; two banks are its default.
fn banks(folding: &Folding) -> Parameters {
    if folding.contexts == 1 {
        return Parameters::new();
    }
    parameters! { BANK_W: folding.bank_bits() }
}
