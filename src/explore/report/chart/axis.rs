//! Axes: which values stand where, and how numbers are written.

/// A number as a chart writes it: `0.5`, `20`, `1.5 k`, `3 M`.
#[must_use]
pub fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, " G"),
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = format!("{scaled:.3}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}{unit}")
}

/// An axis: which values stand where.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    log: bool,
    /// Its quantity, with its unit.
    pub title: String,
}

impl Axis {
    /// A logarithmic axis that holds `values`, all above 0.
    #[must_use]
    pub fn log(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = bounds(values.filter(|value| *value > 0.0));
        // At least a factor of two, and some air.
        let (low, high) = (low / 1.15, (high * 1.15).max(low * 2.0));
        Self {
            low,
            high,
            log: true,
            title: title.to_string(),
        }
    }

    /// A linear axis that holds `values`.
    #[must_use]
    pub fn linear(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = bounds(values);
        let air = if high > low {
            0.06 * (high - low)
        } else {
            0.1 * high.abs().max(1.0)
        };
        Self {
            low: low - air,
            high: high + air,
            log: false,
            title: title.to_string(),
        }
    }

    /// 0 at the low end, 1 at the high one.
    pub(super) fn place(&self, value: f64) -> f64 {
        if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Values with a tick and a label.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if !self.log {
            return self.linear_ticks();
        } else if (self.high / self.low).log10() > 2.5 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        (first..=last)
            .flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)))
            .filter(|value| (self.low..=self.high).contains(value))
            .collect()
    }

    fn linear_ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|step| step * power)
            .find(|step| *step >= rough)
            .unwrap_or(power);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|count| count as f64 * step).collect()
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low.is_finite() {
        (low, high)
    } else {
        (1.0, 10.0)
    }
}
