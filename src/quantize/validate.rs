//! The rules of a quantised model, all checked, every breach named.

use super::dense::{Dense, DenseOutput, Emit, LARGEST_VOCABULARY};
use super::model::{
    Direction, LARGEST_OFFSET, LARGEST_SHIFT, LARGEST_SIZE, Layer, QuantizedModel, Recurrence,
    RowScale,
};
use crate::diagnostic::{Problem, Problems};
use crate::fixed::{Codes, MOST_ODD_BITS, QFormat};

/// Largest exponent of a power of two that an element of x is multiplied by.
const MOST_SHIFT: i32 = 64;

impl QuantizedModel {
    /// Checks everything that the arithmetic contract asks of a model.
    ///
    /// # Errors
    /// All breaches, each with its place, such as `layers.0.weight_ih[3][17]`.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut errors = Breaches(Vec::new());
        if self.layers.is_empty() {
            errors.add(
                "layers".into(),
                "a model needs at least one recurrent layer".into(),
            );
        }
        let first = self.first_recurrent();
        for (index, layer) in (first..).zip(&self.layers) {
            let place = format!("layers.{index}");
            errors.layer((&place, ""), layer);
            if let Some(other) = layer.other_half() {
                errors.other_half(&place, layer, other);
            }
        }
        for (index, pair) in (first..).zip(self.layers.windows(2)) {
            let place = format!("layers.{}", index + 1);
            if pair[1].input_size != pair[0].output_size() {
                let want = pair[0].output_size();
                let what = match pair[0].other_half() {
                    None => "the hidden size of the layer before",
                    Some(_) => "the units of both directions of the layer before",
                };
                errors.add(
                    format!("{place}.input_size"),
                    format!("must be {want}, {what}"),
                );
            }
            if pair[1].x != pair[0].h {
                errors.add(
                    format!("{place}.x"),
                    format!("must be {}, the h format of the layer before", pair[0].h),
                );
            }
        }
        errors.offset(self);
        errors.embedding(self);
        errors.front(self);
        errors.head(self);
        Problems::none_or(errors.0, ())
    }
}

/// Formats that the element-wise part has.
fn element_wise(layer: &Layer) -> impl Iterator<Item = (&'static str, QFormat)> {
    let own = layer.recurrence.formats();
    std::iter::once(("z", layer.z)).chain(own.into_iter().map(|(name, format, _)| (name, format)))
}

struct Breaches(Vec<Problem>);

impl Breaches {
    fn add(&mut self, place: String, problem: String) {
        self.0.push(Problem::within(place, problem));
    }

    fn range<T: PartialOrd + std::fmt::Display>(
        &mut self,
        place: String,
        value: &T,
        least: &T,
        most: &T,
    ) -> bool {
        let inside = value >= least && value <= most;
        if !inside {
            self.add(place, format!("{value} is not between {least} and {most}"));
        }
        inside
    }

    fn length(&mut self, place: String, length: usize, rows: usize, columns: usize) -> bool {
        if length != rows * columns {
            self.add(
                place,
                format!(
                    "has {length} elements, the shape [{rows}, {columns}] wants {}",
                    rows * columns
                ),
            );
            return false;
        }
        true
    }

    /// The backward half of a bidirectional layer: what it must share, and its own.
    fn other_half(&mut self, place: &str, layer: &Layer, other: &Layer) {
        let shared = |of: &Layer| (of.input_size, of.hidden_size, of.x, of.h);
        if shared(layer) != shared(other) || layer.recurrence.kind() != other.recurrence.kind() {
            let problem =
                "both directions have one kind, and the same sizes and formats of x and h";
            self.add(format!("{place}.reverse"), problem.into());
        } else if !matches!(other.direction, Direction::Backward(_)) {
            let problem = "the other half of a bidirectional layer takes the steps backward";
            self.add(format!("{place}.reverse"), problem.into());
        } else {
            self.layer((place, "_reverse"), other);
        }
    }

    /// One pass of a layer, whose tensors' names have an ending.
    fn layer(&mut self, (place, ending): (&str, &str), layer: &Layer) {
        let formats = match ending {
            "" => place.to_owned(),
            _ => format!("{place}.reverse"),
        };
        if !self.numbers(&formats, layer) {
            return;
        }
        let joined = (0..layer.gates()).filter(|&gate| layer.recurrence.parted() != Some(gate));
        for gate in joined {
            let align = layer.alignment(gate);
            let shift = align.shift_x.max(align.shift_h);
            if shift > LARGEST_SHIFT {
                let problem = format!(
                    "gate {gate}: the two products are {shift} bits apart, at most {LARGEST_SHIFT} are supported; \
                     bring w_frac_ih + x.frac and w_frac_hh + h.frac closer together"
                );
                self.add(format!("{formats}.w_frac_hh"), problem);
            }
        }
        let rows = layer.rows();
        for (name, codes, columns) in [
            ("weight_ih", &layer.weight_ih, layer.input_size),
            ("weight_hh", &layer.weight_hh, layer.hidden_size),
        ] {
            self.codes(
                &format!("{place}.{name}{ending}"),
                codes,
                rows,
                columns,
                layer.weights(),
            );
        }
        self.length(format!("{place}.bias{ending}"), layer.bias.len(), rows, 1);
        if let Recurrence::Gru { bias_n_h, .. } = &layer.recurrence {
            let at = format!("{place}.bias_n_h{ending}");
            self.length(at, bias_n_h.len(), layer.hidden_size, 1);
        }
        if let Some(scale) = &layer.row_scale {
            let at = format!("{place}.row_scale{ending}");
            self.row_scale(&at, scale, layer.scaled_sums());
        }
    }

    /// Sizes, widths, levels and fractions; `true` if all of them are inside.
    fn numbers(&mut self, place: &str, layer: &Layer) -> bool {
        let mut inside = true;
        for (name, size) in [
            ("input_size", layer.input_size),
            ("hidden_size", layer.hidden_size),
        ] {
            inside &= self.range(format!("{place}.{name}"), &size, &1, &LARGEST_SIZE);
        }
        for (name, width, least, most) in [
            ("w_bits", layer.w_bits, 1, 16),
            ("x.bits", layer.x.bits, 1, 16),
            ("h.bits", layer.h.bits, 1, 16),
            ("z.bits", layer.z.bits, 2, 12),
            ("a_frac", layer.a_frac, 1, 14),
        ] {
            inside &= self.range(format!("{place}.{name}"), &width, &least, &most);
        }
        for (name, format, most) in layer.recurrence.formats() {
            inside &= self.range(format!("{place}.{name}.bits"), &format.bits, &2, &most);
        }
        inside & self.levels(place, layer) & self.fractions(place, layer)
    }

    /// Odd levels where they may be; `true` if all of them are.
    fn levels(&mut self, place: &str, layer: &Layer) -> bool {
        let mut inside = true;
        for (name, codes) in [
            ("w_levels", layer.weights()),
            ("x.levels", layer.x.codes()),
            ("h.levels", layer.h.codes()),
        ] {
            if codes.is_odd() && codes.bits > MOST_ODD_BITS {
                let problem = format!("{} bits: odd levels have 1 to {MOST_ODD_BITS}", codes.bits);
                self.add(format!("{place}.{name}"), problem);
                inside = false;
            }
        }
        for (name, format) in element_wise(layer) {
            if format.is_odd() && format.bits > 1 {
                let problem = "odd levels are for weights, x and h";
                self.add(format!("{place}.{name}.levels"), problem.into());
                inside = false;
            }
        }
        inside
    }

    /// Fractions; `true` if all of them are inside.
    fn fractions(&mut self, place: &str, layer: &Layer) -> bool {
        let mut inside = true;
        for (name, format) in [("x", layer.x), ("h", layer.h)]
            .into_iter()
            .chain(element_wise(layer))
        {
            inside &= self.range(format!("{place}.{name}.frac"), &format.frac, &-32, &32);
        }
        for (name, fractions) in [
            ("w_frac_ih", &layer.w_frac_ih),
            ("w_frac_hh", &layer.w_frac_hh),
        ] {
            if fractions.len() != layer.gates() {
                let problem = format!(
                    "{} fractions, one for each of {} gates is wanted",
                    fractions.len(),
                    layer.gates()
                );
                self.add(format!("{place}.{name}"), problem);
                inside = false;
            }
            for (gate, frac) in fractions.iter().enumerate() {
                inside &= self.range(format!("{place}.{name}[{gate}]"), frac, &-32, &48);
            }
        }
        inside
    }

    fn row_scale(&mut self, place: &str, scale: &RowScale, rows: usize) {
        self.range(format!("{place}.bits"), &scale.bits, &1, &16);
        self.range(format!("{place}.frac"), &scale.frac, &-16, &32);
        let beyond = |&m: &u32| u64::from(m) >> scale.bits.min(32) > 0;
        if self.length(place.to_owned(), scale.multiplier.len(), rows, 1)
            && let Some(row) = scale.multiplier.iter().position(beyond)
        {
            let problem = format!("does not fit {} unsigned bits", scale.bits);
            self.add(format!("{place}[{row}]"), problem);
        }
    }

    /// Codes of symmetric weights: inside the bits, the most negative one not used.
    fn codes(&mut self, place: &str, codes: &[i16], rows: usize, columns: usize, of: Codes) {
        if !self.length(place.to_owned(), codes.len(), rows, columns) {
            return;
        }
        let bad = |&code: &i16| {
            let code = i64::from(code);
            !of.contains(code) || code < of.min_weight()
        };
        let mut places = codes.iter().enumerate().filter(|(_, code)| bad(code));
        if let Some((index, code)) = places.next() {
            let more = places.count();
            let rest = if more > 0 {
                format!(", and {more} more")
            } else {
                String::new()
            };
            let levels = if of.is_odd() { "an odd" } else { "a symmetric" };
            let problem = format!("{code} is not {levels} {}-bit code{rest}", of.bits);
            self.add(
                format!("{place}[{}][{}]", index / columns, index % columns),
                problem,
            );
        }
    }

    fn offset(&mut self, model: &QuantizedModel) {
        let (Some(offset), false) = (&model.input_offset, model.layers.is_empty()) else {
            return;
        };
        self.range("input_offset.frac".into(), &offset.frac, &-32, &32);
        if self.length(
            "input_offset.codes".into(),
            offset.codes.len(),
            model.first_input().0,
            1,
        ) && let Some(at) = offset
            .codes
            .iter()
            .position(|code| code.unsigned_abs() > LARGEST_OFFSET)
        {
            let problem = format!("{} is beyond 2^53", offset.codes[at]);
            self.add(format!("input_offset.codes[{at}]"), problem);
        }
        let (shift, place) = (&offset.shift, "input_offset.shift");
        if !shift.is_empty() && self.length(place.into(), shift.len(), model.first_input().0, 1) {
            for (at, shift) in shift.iter().enumerate() {
                self.range(format!("{place}[{at}]"), shift, &-MOST_SHIFT, &MOST_SHIFT);
            }
        }
    }

    fn embedding(&mut self, model: &QuantizedModel) {
        let (Some(embedding), false) = (&model.embedding, model.layers.is_empty()) else {
            return;
        };
        let (size, x) = model.first_input();
        let rows = embedding.vocabulary;
        let place = "layers.0.vocabulary".into();
        self.range(place, &rows, &1, &LARGEST_VOCABULARY);
        let codes = &embedding.codes;
        let place = "layers.0.weight";
        if self.length(place.into(), codes.len(), rows, size)
            && let Some(at) = (codes.iter()).position(|&code| !x.contains(code.into()))
        {
            let (row, column) = (at / size, at % size);
            let problem = format!("{} is no code of x, {x}", codes[at]);
            self.add(format!("{place}[{row}][{column}]"), problem);
        }
        if model.input_offset.is_some() {
            let problem = "an embedding's rows are codes already: leave the offset out";
            self.add("input_offset".into(), problem.into());
        }
    }

    /// Dense layers before the recurrent ones: each gives codes at every step to what is behind it.
    fn front(&mut self, model: &QuantizedModel) {
        let Some(recurrent) = model.layers.first() else {
            return;
        };
        let behind = model.front.iter().skip(1);
        let behind = behind.map(|dense| (dense.input_size, dense.x));
        let behind = behind.chain([(recurrent.input_size, recurrent.x)]);
        let layers = (model.first_front()..).zip(&model.front).zip(behind);
        for ((index, dense), (size, format)) in layers {
            let place = format!("layers.{index}");
            self.dense(&place, dense);
            let DenseOutput::Code { format: y, .. } = dense.output else {
                let problem = "must be code: only the last layer may give sums or an index";
                self.add(format!("{place}.output"), problem.into());
                continue;
            };
            if (dense.output_size, y) != (size, format) {
                let problem = format!(
                    "gives {} elements of {y}, the layer behind takes {size} of {format}",
                    dense.output_size
                );
                self.add(place.clone(), problem);
            }
            if dense.when == Emit::Last {
                let problem = "must be step: only the last layer may wait for a sequence's end";
                self.add(format!("{place}.when"), problem.into());
            }
        }
    }

    /// Dense layers, each on what is before it; the last alone may give something else than codes.
    fn head(&mut self, model: &QuantizedModel) {
        let Some(last) = model.layers.last() else {
            return;
        };
        let first = model.first_recurrent() + model.layers.len();
        let mut before = (last.output_size(), last.h);
        for (index, dense) in model.head.iter().enumerate() {
            let place = format!("layers.{}", first + index);
            if (dense.input_size, dense.x) != before {
                let (size, format) = before;
                let problem = format!(
                    "takes {} elements of {}, the layer before gives {size} of {format}",
                    dense.input_size, dense.x
                );
                self.add(place.clone(), problem);
            }
            self.dense(&place, dense);
            if let DenseOutput::Code { format, .. } = dense.output {
                before = (dense.output_size, format);
            }
            if index + 1 < model.head.len() {
                if !matches!(dense.output, DenseOutput::Code { .. }) {
                    let problem = "must be code: only the last layer may give sums or an index";
                    self.add(format!("{place}.output"), problem.into());
                }
                if dense.when == Emit::Last {
                    let problem = "must be step: only the last layer may wait for a sequence's end";
                    self.add(format!("{place}.when"), problem.into());
                }
            }
        }
    }

    fn dense(&mut self, place: &str, dense: &Dense) {
        let mut inside = true;
        for (name, size, most) in [
            ("input_size", dense.input_size, LARGEST_SIZE),
            ("output_size", dense.output_size, LARGEST_VOCABULARY),
        ] {
            inside &= self.range(format!("{place}.{name}"), &size, &1, &most);
        }
        inside &= self.range(format!("{place}.w_bits"), &dense.w_bits, &1, &16);
        inside &= self.range(format!("{place}.w_frac"), &dense.w_frac, &-32, &48);
        let mut formats = vec![("w_levels", dense.weights())];
        if let DenseOutput::Code { format, .. } = dense.output {
            inside &= self.range(format!("{place}.y.bits"), &format.bits, &1, &16);
            inside &= self.range(format!("{place}.y.frac"), &format.frac, &-32, &32);
            formats.push(("y.levels", format.codes()));
        }
        for (name, codes) in formats {
            if codes.is_odd() && codes.bits > MOST_ODD_BITS {
                let problem = format!("{} bits: odd levels have 1 to {MOST_ODD_BITS}", codes.bits);
                self.add(format!("{place}.{name}"), problem);
                inside = false;
            }
        }
        if !inside {
            return;
        }
        let (rows, columns) = (dense.output_size, dense.input_size);
        let at = format!("{place}.weight");
        self.codes(&at, &dense.weight, rows, columns, dense.weights());
        self.length(format!("{place}.bias"), dense.bias.len(), rows, 1);
    }
}
