//! The memories of a layer: their shapes, and what they are asked to be built of.

use super::bits::bits_for;
use super::layer::LayerDesign;
use crate::spec::OutputOrder;

/// Words from which on a read-only memory is put into block RAM: less than a kilobit per port wastes
/// one.
const BLOCK_RAM_WORDS: usize = 64;
/// Steps that a pass forward is ahead of the first output of the pass backward beside it.
const BEHIND: usize = 2;

/// A memory, or several of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryShape {
    /// Memories of this shape.
    pub copies: usize,
    /// Bits of a word.
    pub width: usize,
    /// Words.
    pub depth: usize,
    /// Read ports.
    pub reads: usize,
    /// It is written, not read only.
    pub written: bool,
}

impl MemoryShape {
    const fn rom(width: usize, depth: usize) -> Self {
        Self {
            copies: 1,
            width,
            depth,
            reads: 1,
            written: false,
        }
    }

    const fn ram(width: usize, depth: usize) -> Self {
        Self {
            copies: 1,
            width,
            depth,
            reads: 1,
            written: true,
        }
    }

    /// Bits of all copies.
    #[must_use]
    pub const fn bits(&self) -> usize {
        self.copies * self.width * self.depth
    }

    /// A read-only memory of this depth, or a memory of sequences, belongs into block RAM.
    #[must_use]
    pub const fn in_block_ram(&self) -> bool {
        self.depth >= BLOCK_RAM_WORDS
    }

    /// The style that a read-only memory asks for: `block` or `distributed`.
    #[must_use]
    pub const fn rom_style(&self) -> &'static str {
        if self.in_block_ram() {
            "block"
        } else {
            "distributed"
        }
    }
}

/// A memory of so many beats, or none.
fn beats_memory(beats: usize, width: usize) -> MemoryShape {
    MemoryShape {
        copies: usize::from(beats > 0),
        ..MemoryShape::ram(width, beats.max(1))
    }
}

impl LayerDesign {
    /// Weights: a row for every block of a step.
    #[must_use]
    pub fn weight_memory(&self) -> MemoryShape {
        let folding = self.folding();
        let width = folding.rows() * folding.columns * self.spec().w_bits as usize;
        MemoryShape::rom(width, folding.weight_rows())
    }

    /// Bits of one unit in a row of the bias memory: a bias, and above it the multiplier of its row.
    #[must_use]
    pub fn bias_width(&self) -> usize {
        self.widths().acc + self.spec().multiplier_bits()
    }

    /// Biases: a row for every group, fresh or not, and turn of the lane.
    #[must_use]
    pub fn bias_memory(&self) -> MemoryShape {
        let folding = self.folding();
        let depth = folding.groups * self.spec().bias_rows() * self.spec().bias_turns();
        MemoryShape::rom(folding.units * self.bias_width(), depth)
    }

    /// The rows of the embedding before the layer, a word for each beat of x; none where there is none.
    #[must_use]
    pub fn embedding_memory(&self) -> MemoryShape {
        let (spec, folding) = (self.spec(), self.folding());
        let width = folding.in_elements * spec.x.bits as usize;
        MemoryShape {
            copies: usize::from(spec.vocabulary.is_some()),
            ..MemoryShape::rom(width, spec.vocabulary.unwrap_or(1) * folding.in_beats())
        }
    }

    /// Sigmoid and tanh, one after the other, read by gates and by tanh(c) at once; one for every lane, none of a
    /// dense layer.
    #[must_use]
    pub fn table_memory(&self) -> MemoryShape {
        let spec = self.spec();
        if !spec.is_recurrent() {
            return MemoryShape {
                copies: 0,
                ..MemoryShape::rom(1, 1)
            };
        }
        MemoryShape {
            copies: self.folding().units,
            reads: 2,
            ..MemoryShape::rom(spec.gate_width(), 2 << spec.z.bits)
        }
    }

    /// The activation tables are deep enough for block RAM, 256 words of both.
    #[must_use]
    pub fn tables_in_block_ram(&self) -> bool {
        self.spec().z.bits >= 7
    }

    /// State of a group of every context, `{context, group}`; none of a dense layer.
    #[must_use]
    pub fn state_memory(&self) -> MemoryShape {
        let (spec, folding) = (self.spec(), self.folding());
        let width = folding.units * spec.cell.state.len() * spec.c.bits as usize;
        let of_others = (folding.contexts - 1) << bits_for(folding.groups - 1);
        MemoryShape {
            copies: usize::from(width > 0),
            ..MemoryShape::ram(width.max(1), of_others + folding.groups)
        }
    }

    /// [x, h] of a step in every bank, `{bank, block}`: one for every column that holds an element.
    #[must_use]
    pub fn vector_memory(&self) -> MemoryShape {
        let folding = self.folding();
        let words = 1 << (folding.bank_bits() + bits_for(folding.blocks - 1));
        MemoryShape {
            copies: folding.used_columns(),
            ..MemoryShape::ram(self.spec().operand_bits() as usize, words)
        }
    }

    /// Steps before a pass backward, of the longest sequence: the next one is written where this is read. None of a
    /// pass forward.
    #[must_use]
    pub fn memory_before(&self) -> MemoryShape {
        let (spec, folding) = (self.spec(), self.folding());
        let beats = usize::from(spec.pass.backward) * folding.max_steps * folding.in_beats();
        beats_memory(beats, folding.in_elements * spec.x.bits as usize)
    }

    /// The same of the outputs behind it, where they are turned back.
    #[must_use]
    pub fn memory_behind(&self) -> MemoryShape {
        let (spec, folding) = (self.spec(), self.folding());
        let beats = usize::from(spec.pass.turns_back()) * folding.max_steps * folding.out_beats();
        beats_memory(beats, folding.out_elements * spec.h.bits as usize)
    }

    /// Steps whose outputs of a pass forward wait for those of the pass backward beside it. That begins when a
    /// sequence is there, by then done forward. Where its outputs are turned back, the first leaves when that pass has
    /// taken the next sequence too: two sequences wait. In the order of processing the first leaves a few steps later.
    /// None of another pass.
    #[must_use]
    pub fn waiting_steps(&self) -> usize {
        let longest = self.folding().max_steps;
        match self.spec().pass.order {
            _ if !self.spec().pass.is_forward_half() => 0,
            OutputOrder::Time => 2 * longest,
            OutputOrder::Processing => longest + BEHIND.min(longest),
        }
    }

    /// Outputs of these steps.
    #[must_use]
    pub fn waiting_memory(&self) -> MemoryShape {
        let (spec, folding) = (self.spec(), self.folding());
        let beats = self.waiting_steps() * folding.out_beats();
        beats_memory(beats, folding.out_elements * spec.h.bits as usize)
    }

    /// Finished groups: h and three flags.
    #[must_use]
    pub fn queue_memory(&self) -> MemoryShape {
        let folding = self.folding();
        let width = folding.units * self.spec().h.bits as usize + 3;
        MemoryShape::ram(width, 1 << folding.queue_log2)
    }
}
