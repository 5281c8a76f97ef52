//! A comparison as a picture: mean curves with their bands, each run as a thin line.

use std::fmt::Write;

use super::Report;

/// Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
/// Room beside the axes: left, right, top, bottom.
const MARGINS: [f64; 4] = [44.0, 20.0, 64.0, 56.0];

/// Where steps and Dice lie in the picture.
struct Axes {
    steps: f64,
    most: f64,
}

impl Axes {
    fn x(&self, step: f64) -> f64 {
        MARGINS[0] + step / self.steps * (WIDTH - MARGINS[0] - MARGINS[1])
    }

    fn y(&self, dice: f64) -> f64 {
        HEIGHT - MARGINS[3] - (dice / self.most).clamp(0.0, 1.0) * (HEIGHT - MARGINS[2] - MARGINS[3])
    }

    fn line(&self, points: impl Iterator<Item = (usize, f64)>) -> String {
        points.map(|(step, dice)| format!("{:.1},{:.1}", self.x(step as f64), self.y(dice))).collect::<Vec<_>>().join(" ")
    }
}

impl Report {
    /// Dice on the validation set over the steps, as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let measured = self.runs.iter().flat_map(|run| &run.curve);
        let highest = measured.map(|(_, dice)| *dice).fold(0.0, f64::max);
        let axes = Axes { steps: self.settings.steps.max(1) as f64, most: ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0) };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{}\" y=\"26\" font-size=\"16\">{}</text>\n<text x=\"{}\" y=\"46\">mean Dice on the validation set: {} seeds (thin), their mean \
             and its 95 % interval</text>\n",
            MARGINS[0],
            escaped(&self.title),
            MARGINS[0],
            self.seeds.len()
        );
        self.frame(&axes, &mut svg);
        let colour = |at: usize| COLOURS[at % COLOURS.len()];
        // Bands lie beneath all lines.
        for (at, start) in self.starts.iter().enumerate() {
            let upper = start.curve.iter().map(|point| (point.step, point.interval.map_or(point.mean, |ends| ends[1])));
            let lower = start.curve.iter().rev().map(|point| (point.step, point.interval.map_or(point.mean, |ends| ends[0])));
            let (points, fill) = (axes.line(upper.chain(lower)), colour(at));
            let _ = writeln!(svg, "<polygon points=\"{points}\" fill=\"{fill}\" fill-opacity=\"0.18\" stroke=\"none\"/>");
        }
        for (at, start) in self.starts.iter().enumerate() {
            for run in self.runs.iter().filter(|run| run.start == start.name) {
                let (points, stroke) = (axes.line(run.curve.iter().copied()), colour(at));
                let _ = writeln!(
                    svg,
                    "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-opacity=\"0.35\" stroke-width=\"0.8\"/>"
                );
            }
        }
        for (at, start) in self.starts.iter().enumerate() {
            let (points, stroke) = (axes.line(start.curve.iter().map(|point| (point.step, point.mean))), colour(at));
            let _ = writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2.5\"/>");
        }
        self.legend(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn frame(&self, axes: &Axes, svg: &mut String) {
        let [left, right] = [MARGINS[0], WIDTH - MARGINS[1]];
        let parts = (axes.most * 10.0).round() as usize;
        for tenth in 0..=parts {
            let (dice, y) = (tenth as f64 / 10.0, axes.y(tenth as f64 / 10.0));
            let _ = writeln!(svg, "<line x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>");
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{dice:.1}</text>", left - 8.0, y + 4.5);
        }
        let bottom = HEIGHT - MARGINS[3];
        for step in ticks(self.settings.steps) {
            let x = axes.x(step as f64);
            let _ = writeln!(svg, "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{}\" stroke=\"#333333\"/>", bottom + 5.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{step}</text>", bottom + 20.0);
        }
        let _ = writeln!(svg, "<line x1=\"{left}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"#333333\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">steps of fine-tuning</text>",
            (left + right) / 2.0,
            HEIGHT - 14.0
        );
    }

    fn legend(&self, svg: &mut String) {
        let rows = self.starts.len();
        for (at, start) in self.starts.iter().enumerate() {
            let y = HEIGHT - MARGINS[3] - 16.0 - 20.0 * (rows - 1 - at) as f64;
            let (colour, x) = (COLOURS[at % COLOURS.len()], WIDTH - MARGINS[1] - 14.0);
            let (name, dice) = (escaped(&start.name), start.final_dice.mean);
            let _ = writeln!(
                svg,
                "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"end\" fill=\"{colour}\" font-weight=\"bold\">{name}: {dice:.3}</text>"
            );
        }
    }
}

/// About five round numbers from 0 to `most`.
fn ticks(most: usize) -> Vec<usize> {
    let raw = (most as f64 / 5.0).max(1.0);
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw - 1e-9).unwrap_or(raw);
    let step = (step.round() as usize).max(1);
    (0..=most).step_by(step).collect()
}

/// Text inside an element of XML.
fn escaped(text: &str) -> String {
    let legal = text.chars().filter(|c| !c.is_control());
    legal.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(400), [0, 100, 200, 300, 400]);
        assert_eq!(ticks(300), [0, 100, 200, 300]);
        assert_eq!(ticks(3), [0, 1, 2, 3]);
        assert!(ticks(1370).len() <= 7);
    }
}
