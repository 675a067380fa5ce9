//! Axes and marks of an SVG chart, in the few forms that the page needs.

mod axis;

pub use axis::{Axis, short};

use std::fmt::Write;

/// Size of a chart's view box.
pub const WIDTH: f64 = 720.0;
/// Height of it.
pub const HEIGHT: f64 = 440.0;
/// Left, right, top and bottom of the plot.
const PLOT: [f64; 4] = [92.0, WIDTH - 16.0, 18.0, HEIGHT - 54.0];

/// `text` as it may stand in HTML and in attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

/// A chart being drawn.
pub struct Chart {
    x: Axis,
    y: Axis,
    body: String,
    /// Left, top, right, bottom of what must not be written over.
    taken: Vec<[f64; 4]>,
}

impl Chart {
    /// An empty chart with grid, ticks and titles.
    #[must_use]
    pub fn new(x: Axis, y: Axis) -> Self {
        let mut chart = Self {
            x,
            y,
            body: String::new(),
            taken: Vec::new(),
        };
        chart.frame();
        chart
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let [left, right, top, bottom] = PLOT;
        (
            left + self.x.place(x) * (right - left),
            bottom - self.y.place(y) * (bottom - top),
        )
    }

    fn add(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    fn frame(&mut self) {
        let [left, right, top, bottom] = PLOT;
        for value in self.x.ticks() {
            let (x, _) = self.at(value, self.y.low);
            self.add(&format!(
                r#"<path class="grid" d="M{x:.1} {top}V{bottom}"/><text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                bottom + 19.0,
                short(value)
            ));
        }
        for value in self.y.ticks() {
            let (_, y) = self.at(self.x.low, value);
            self.add(&format!(
                r#"<path class="grid" d="M{left} {y:.1}H{right}"/><text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                left - 8.0,
                y + 4.5,
                short(value)
            ));
        }
        self.add(&format!(
            r#"<path class="axis" d="M{left} {top}V{bottom}H{right}"/>"#
        ));
        let (x_title, y_title) = (escape(&self.x.title), escape(&self.y.title));
        self.add(&format!(
            r#"<text class="title" x="{:.1}" y="{:.1}" text-anchor="middle">{x_title}</text>"#,
            f64::midpoint(left, right),
            HEIGHT - 10.0
        ));
        let middle = f64::midpoint(top, bottom);
        self.add(&format!(
            r#"<text class="title" transform="translate(21 {middle:.1}) rotate(-90)" text-anchor="middle">{y_title}</text>"#
        ));
    }

    /// A mark of the symbol `symbol` with classes and a tooltip.
    pub fn mark(&mut self, at: (f64, f64), symbol: &str, class: &str, tip: &str) {
        self.mark_beside(at, (0.0, 0.0), symbol, class, tip);
    }

    /// The same, moved by so many units of the view box.
    pub fn mark_beside(
        &mut self,
        at: (f64, f64),
        beside: (f64, f64),
        symbol: &str,
        class: &str,
        tip: &str,
    ) {
        let (x, y) = self.at(at.0, at.1);
        let (x, y) = (x + beside.0, y + beside.1);
        let tip = escape(tip);
        self.add(&format!(
            r##"<use href="#{symbol}" x="{x:.1}" y="{y:.1}" class="{class}"><title>{tip}</title></use>"##
        ));
    }

    /// A line through `points`.
    pub fn line(&mut self, points: &[(f64, f64)], class: &str) {
        let mut path = String::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            let (x, y) = self.at(x, y);
            // Writing to a string cannot fail.
            let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        self.add(&format!(r#"<path class="{class}" d="{path}"/>"#));
    }

    /// A line across the plot at `y`, with its name, if it is within.
    pub fn level(&mut self, y: f64, name: &str) {
        let [left, right, ..] = PLOT;
        if !(self.y.low..=self.y.high).contains(&y) {
            return;
        }
        let (_, y) = self.at(self.x.low, y);
        self.add(&format!(
            r#"<path class="level" d="M{left} {y:.1}H{right}"/>"#
        ));
        let (x, y) = (right - 4.0, y - 6.0);
        self.taken
            .push([x - 7.0 * name.chars().count() as f64, y - 12.0, x, y + 3.0]);
        let name = escape(name);
        self.add(&format!(
            r#"<text class="note" x="{x:.1}" y="{y:.1}" text-anchor="end">{name}</text>"#
        ));
    }

    /// A name beside a point, where nothing is written yet.
    pub fn label(&mut self, at: (f64, f64), name: &str, class: &str) {
        let (x, y) = self.at(at.0, at.1);
        let wide = 8.2 * name.chars().count() as f64;
        let [left, right, top, bottom] = PLOT;
        let offsets = [
            (10.0, 4.0),
            (10.0, -9.0),
            (10.0, 17.0),
            (-10.0 - wide, 4.0),
            (-10.0 - wide, -9.0),
            (-10.0 - wide, 17.0),
            (-wide / 2.0, -14.0),
            (-wide / 2.0, 24.0),
            (10.0, -26.0),
            (10.0, 34.0),
            (-10.0 - wide, -26.0),
            (-10.0 - wide, 34.0),
        ];
        let boxes = offsets.map(|(dx, dy)| [x + dx, y + dy - 12.0, x + dx + wide, y + dy + 4.0]);
        let free = |b: &&[f64; 4]| {
            let inside = b[0] >= left && b[2] <= right && b[1] >= top && b[3] <= bottom;
            let apart = |t: &[f64; 4]| b[2] < t[0] || b[0] > t[2] || b[3] < t[1] || b[1] > t[3];
            inside && self.taken.iter().all(apart)
        };
        let Some(place) = boxes.iter().find(free).copied() else {
            // The tooltip has it; a name over another would make both unreadable.
            return;
        };
        self.taken.push(place);
        let name = escape(name);
        self.add(&format!(
            r#"<text class="label {class}" x="{:.1}" y="{:.1}">{name}</text>"#,
            place[0],
            place[3] - 4.0
        ));
    }

    /// The chart as an element, with a text for those who do not see it.
    #[must_use]
    pub fn svg(self, description: &str) -> String {
        let description = escape(description);
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{description}\">\n{}</svg>\n",
            self.body
        )
    }
}

#[cfg(test)]
mod tests;
