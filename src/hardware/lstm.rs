//! The long short-term memory.

use super::cell::{Cell, RowSum};
use super::op::{Event, Op, Source, TablePort};

const fn row(gate: &'static str) -> RowSum {
    RowSum { gate }
}

const fn take(sum: usize, to: &'static str) -> Op {
    let source = Source::Both;
    Op::Take { sum, source, to }
}

const fn scale(sum: usize, to: &'static str) -> Op {
    let source = Source::Both;
    Op::Scale { sum, source, to }
}

const fn gate(of: &'static str, to: &'static str) -> Op {
    let port = TablePort::Gates;
    Op::Lookup { port, of, to }
}

/// The cell, whose sums are taken by `$take`.
macro_rules! cell {
    ($take:ident) => {
        Cell::new(
            "lstm",
            &[row("i"), row("f"), row("g"), row("o")],
            &["c"],
            &[
                $take(2, "z_g"),
                gate("z_g", "g"),
                $take(0, "z_i"),
                gate("z_i", "i"),
                $take(1, "z_f"),
                gate("z_f", "f"),
                $take(3, "z_o"),
                gate("z_o", "o"),
                Op::Load {
                    state: 0,
                    to: "c_before",
                },
                Op::Products {
                    terms: &[("i", "g"), ("f", "c_before")],
                    plus: None,
                    to: "c_sum",
                },
                Op::Requantize {
                    of: "c_sum",
                    to: "c",
                },
                Op::Store { state: 0, of: "c" },
                Op::Requantize { of: "c", to: "z_c" },
                Op::Lookup {
                    port: TablePort::State,
                    of: "z_c",
                    to: "tanh_c",
                },
                Op::Products {
                    terms: &[("o", "tanh_c")],
                    plus: None,
                    to: "h_sum",
                },
                Op::Requantize {
                    of: "h_sum",
                    to: "h",
                },
                Op::Emit { of: "h" },
            ],
            &[
                ("take_i", Event::Take(0)),
                ("tanh_i", Event::PreActivation(0)),
                ("keep_g_i", Event::Found(0)),
                ("load_ig_i", Event::Operands(0)),
                ("keep_o_i", Event::Found(3)),
                ("start_c_i", Event::Sum(0)),
                ("load_ot_i", Event::Operands(2)),
                ("start_h_i", Event::Sum(2)),
                ("keep_h_i", Event::Last),
            ],
        )
    };
}

/// The long short-term memory without peepholes: `c = f * c + i * g`, `h = o * tanh(c)`.
///
/// g and i come first, because the first product needs them.
pub static LSTM: Cell = cell!(take);

/// The same whose rows have multipliers.
pub static LSTM_SCALED: Cell = cell!(scale);
