//! The gated recurrent unit.

use super::cell::{Cell, RowSum};
use super::op::{Event, Op, Source, TablePort};

const fn row(gate: &'static str) -> RowSum {
    RowSum { gate }
}

const fn take(sum: usize, source: Source, to: &'static str) -> Op {
    Op::Take { sum, source, to }
}

const fn scale(sum: usize, source: Source, to: &'static str) -> Op {
    Op::Scale { sum, source, to }
}

const fn gate(of: &'static str, to: &'static str) -> Op {
    let port = TablePort::Gates;
    Op::Lookup { port, of, to }
}

const fn requantize(of: &'static str, to: &'static str) -> Op {
    Op::Requantize { of, to }
}

/// The cell, whose sums are taken by `$take`.
macro_rules! cell {
    ($take:ident) => {
        Cell::new(
            "gru",
            &[row("r"), row("u"), row("n")],
            &["s"],
            &[
                $take(2, Source::X, "v_x"),
                $take(2, Source::H, "v_h"),
                $take(0, Source::Both, "z_r"),
                gate("z_r", "r"),
                $take(1, Source::Both, "z_u"),
                gate("z_u", "u"),
                Op::Products {
                    terms: &[("r", "v_h")],
                    plus: Some("v_x"),
                    to: "n_sum",
                },
                requantize("n_sum", "z_n"),
                Op::Lookup {
                    port: TablePort::State,
                    of: "z_n",
                    to: "n",
                },
                Op::Complement {
                    of: "u",
                    to: "u_rest",
                },
                Op::Load {
                    state: 0,
                    to: "s_before",
                },
                Op::Products {
                    terms: &[("u", "s_before"), ("u_rest", "n")],
                    plus: None,
                    to: "s_sum",
                },
                requantize("s_sum", "s"),
                Op::Store { state: 0, of: "s" },
                requantize("s", "h"),
                Op::Emit { of: "h" },
            ],
            &[
                ("take_i", Event::Take(0)),
                ("keep_vx_i", Event::PreActivation(0)),
                ("keep_vh_i", Event::PreActivation(1)),
                ("load_rv_i", Event::Operands(0)),
                ("keep_u_i", Event::Found(1)),
                ("start_n_i", Event::Sum(0)),
                ("load_un_i", Event::Operands(2)),
                ("start_s_i", Event::Sum(1)),
                ("keep_h_i", Event::Last),
            ],
        )
    };
}

/// The gated recurrent unit whose reset gate acts behind the product with h: `n = tanh(x part + r * h part)`,
/// `s = u * s + (1 - u) * n`, of which h is the narrow image.
///
/// n's parts come first: what its accumulator had where the blocks of h began is kept for two cycles after
/// the end of a group only.
pub static GRU: Cell = cell!(take);

/// The same whose rows have multipliers.
pub static GRU_SCALED: Cell = cell!(scale);
