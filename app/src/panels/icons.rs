//! Small pictures of the tools, drawn with lines, so that they are sharp at every scale.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2};

use crate::state::tools::ActiveTool;

/// Draws a tool's picture into a square.
pub fn tool(painter: &Painter, square: Rect, tool: ActiveTool, color: Color32) {
    let at = |x: f32, y: f32| square.min + square.size() * egui::vec2(x, y);
    let unit = square.width();
    let line = Stroke::new((unit / 13.0).max(1.2), color);
    let path = |points: &[(f32, f32)]| points.iter().map(|(x, y)| at(*x, *y)).collect::<Vec<Pos2>>();
    let open = |points: &[(f32, f32)]| {
        painter.add(Shape::line(path(points), line));
    };
    let closed = |points: &[(f32, f32)]| {
        painter.add(Shape::closed_line(path(points), line));
    };
    let solid = |points: &[(f32, f32)]| {
        painter.add(Shape::convex_polygon(path(points), color, Stroke::NONE));
    };
    let dot = |x: f32, y: f32, radius: f32| {
        painter.circle_filled(at(x, y), radius * unit, color);
    };
    match tool {
        ActiveTool::Crosshair => {
            open(&[(0.5, 0.08), (0.5, 0.38)]);
            open(&[(0.5, 0.62), (0.5, 0.92)]);
            open(&[(0.08, 0.5), (0.38, 0.5)]);
            open(&[(0.62, 0.5), (0.92, 0.5)]);
            dot(0.5, 0.5, 0.06);
        }
        ActiveTool::WindowLevel => {
            painter.circle_stroke(at(0.5, 0.5), 0.36 * unit, line);
            let half = (0..=16).map(|n| {
                let angle = std::f32::consts::PI * (0.5 + n as f32 / 16.0);
                pos2(at(0.5, 0.5).x + angle.cos() * 0.36 * unit, at(0.5, 0.5).y + angle.sin() * 0.36 * unit)
            });
            painter.add(Shape::convex_polygon(half.collect(), color, Stroke::NONE));
        }
        ActiveTool::Brush => {
            open(&[(0.9, 0.1), (0.5, 0.52)]);
            solid(&[(0.42, 0.46), (0.56, 0.6), (0.4, 0.82), (0.12, 0.9), (0.24, 0.62)]);
        }
        ActiveTool::Eraser => {
            closed(&[(0.56, 0.14), (0.88, 0.46), (0.46, 0.86), (0.28, 0.86), (0.12, 0.68), (0.12, 0.56)]);
            open(&[(0.34, 0.34), (0.68, 0.66)]);
            open(&[(0.28, 0.88), (0.9, 0.88)]);
        }
        ActiveTool::Contour => {
            let corners = [(0.2, 0.3), (0.62, 0.14), (0.86, 0.5), (0.6, 0.84), (0.2, 0.72)];
            closed(&corners);
            corners.into_iter().for_each(|(x, y)| dot(x, y, 0.085));
        }
        ActiveTool::Fill => {
            closed(&[(0.44, 0.14), (0.8, 0.5), (0.44, 0.86), (0.1, 0.5)]);
            solid(&[(0.14, 0.52), (0.76, 0.52), (0.44, 0.84)]);
            dot(0.88, 0.76, 0.075);
        }
        ActiveTool::Grow => {
            dot(0.5, 0.5, 0.11);
            for turn in 0..4 {
                let (x, y) = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)][turn];
                let place = |along: f32, beside: f32| (0.5 + x * along - y * beside, 0.5 + y * along + x * beside);
                open(&[place(0.22, 0.0), place(0.42, 0.0)]);
                open(&[place(0.31, -0.1), place(0.43, 0.0), place(0.31, 0.1)]);
            }
        }
        ActiveTool::Distance => {
            open(&[(0.12, 0.88), (0.88, 0.12)]);
            open(&[(0.04, 0.76), (0.24, 0.96)]);
            open(&[(0.76, 0.04), (0.96, 0.24)]);
        }
        ActiveTool::Angle => {
            open(&[(0.84, 0.2), (0.14, 0.82), (0.92, 0.82)]);
            let arc = |n: i32| -0.72 * n as f32 / 8.0;
            let bow: Vec<(f32, f32)> = (0..=8).map(|n| (0.14 + 0.42 * arc(n).cos(), 0.82 + 0.42 * arc(n).sin())).collect();
            open(&bow);
        }
        ActiveTool::Region => {
            let around = |n: i32| n as f32 / 24.0 * std::f32::consts::TAU;
            let ellipse: Vec<(f32, f32)> = (0..24).map(|n| (0.5 + 0.4 * around(n).cos(), 0.5 + 0.28 * around(n).sin())).collect();
            closed(&ellipse);
            dot(0.5, 0.5, 0.06);
        }
        ActiveTool::LiveWire => {
            let wave: Vec<(f32, f32)> =
                (0..=24).map(|n| n as f32 / 24.0).map(|t| (0.1 + 0.62 * t, 0.72 - 0.42 * t + 0.11 * (t * 10.0).sin())).collect();
            open(&wave);
            dot(0.1, 0.72, 0.085);
            closed(&[(0.66, 0.16), (0.9, 0.1), (0.84, 0.34)]);
        }
    }
}
