//! QR codes, for a phone to scan: in the terminal, as SVG, as PNG.
//!
//! Each has the quiet zone of 4 modules around it that ISO/IEC 18004 asks for: without it many
//! phones find nothing, least of all on a dark terminal.

use std::fmt;

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code.
const QUIET: usize = 4;

/// Pixels along the side of a module, in SVG and PNG. In a PNG of one bit a pixel, 8 make a byte.
const SCALE: usize = 8;

/// Black on white whatever the terminal's theme: 16 and 231 are the corners of the 256 colours'
/// cube, while the themes change colours 0 to 15, and with them what "black" and "white" are.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";

/// Back to the terminal's own colours.
const RESET: &str = "\x1b[0m";

/// The text does not fit into any QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too long for a QR code")
    }
}

impl std::error::Error for TooLong {}

/// The code as lines of text, two rows of modules in each.
///
/// With `colour` it is black on white on any terminal, and each line resets its colours at its end.
/// Without, the *light* modules are drawn: it can be scanned where text is light on dark; on a
/// light terminal it is a negative, which some phones do not read.
pub(crate) fn terminal(text: &str, colour: bool) -> Result<String, TooLong> {
    // A screen is never dirty: the lowest correction gives the smallest code.
    let code = Modules::of(text, EcLevel::L)?;
    let mut lines = String::new();
    for y in (0..code.side).step_by(2) {
        if colour {
            lines.push_str(BLACK_ON_WHITE);
        }
        for x in 0..code.side {
            // Colour draws the dark modules, no colour the light ones.
            let drawn = |y| code.dark(x, y) == colour;
            lines.push(match (drawn(y), drawn(y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        if colour {
            lines.push_str(RESET);
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// How many columns of a terminal the code takes.
pub(crate) fn columns(text: &str) -> Result<usize, TooLong> {
    Ok(Modules::of(text, EcLevel::L)?.side)
}

/// The code as an SVG document, black on white.
pub(crate) fn svg(text: &str) -> Result<String, TooLong> {
    let scale = SCALE as u32;
    let code = encode(text, EcLevel::M)?;
    Ok(code
        .render::<svg::Color<'_>>()
        .quiet_zone(true)
        .module_dimensions(scale, scale)
        .build())
}

/// The code as a PNG file, one bit a pixel, 8 pixels a module.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, TooLong> {
    let code = Modules::of(text, EcLevel::M)?;
    let mut pixels = Vec::with_capacity(code.side * code.side * SCALE);
    for y in 0..code.side {
        let row: Vec<u8> = (0..code.side)
            .map(|x| if code.dark(x, y) { 0x00 } else { 0xff })
            .collect();
        for _ in 0..SCALE {
            pixels.extend_from_slice(&row);
        }
    }
    let pixels_a_side = (code.side * SCALE) as u32;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels_a_side, pixels_a_side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .expect("a picture of this size can be written to memory");
    Ok(file)
}

fn encode(text: &str, correction: EcLevel) -> Result<QrCode, TooLong> {
    QrCode::with_error_correction_level(text, correction).map_err(|_| TooLong)
}

/// The modules with their quiet zone.
struct Modules {
    colours: Vec<Color>,
    width: usize,
    side: usize,
}

impl Modules {
    fn of(text: &str, correction: EcLevel) -> Result<Self, TooLong> {
        let code = encode(text, correction)?;
        let width = code.width();
        Ok(Modules {
            colours: code.into_colors(),
            width,
            side: width + 2 * QUIET,
        })
    }

    /// Whether the module is dark; all around the code are light.
    fn dark(&self, x: usize, y: usize) -> bool {
        match (x.checked_sub(QUIET), y.checked_sub(QUIET)) {
            (Some(x), Some(y)) if x < self.width && y < self.width => {
                self.colours[y * self.width + x] == Color::Dark
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: &str =
        "otpauth://totp/Mi%20App:mi_usuario?secret=GEZDGNBVGY%3D%3D%3D%3D%3D%3D&issuer=Mi%20App";

    /// A short one, the lab's, and a long one.
    fn texts() -> [String; 3] {
        [
            "1".to_owned(),
            LAB.to_owned(),
            format!("{LAB}&image={}", "ñ".repeat(300)),
        ]
    }

    /// A picture, light where true.
    #[derive(Clone)]
    struct Picture {
        width: usize,
        light: Vec<bool>,
    }

    impl Picture {
        fn new(rows: &[Vec<bool>]) -> Self {
            let width = rows[0].len();
            assert!(rows.iter().all(|row| row.len() == width), "ragged");
            Picture {
                width,
                light: rows.concat(),
            }
        }

        fn height(&self) -> usize {
            self.light.len() / self.width
        }

        fn at(&self, x: usize, y: usize) -> bool {
            self.light[y * self.width + x]
        }

        /// With a wide frame around it, as a terminal's background is.
        fn framed(&self, light: bool) -> Self {
            let frame = 10;
            let (width, height) = (self.width + 2 * frame, self.height() + 2 * frame);
            let mut framed = Picture {
                width,
                light: vec![light; width * height],
            };
            for y in 0..self.height() {
                for x in 0..self.width {
                    framed.light[(y + frame) * width + x + frame] = self.at(x, y);
                }
            }
            framed
        }

        /// What a phone reads, each pixel being `scale` of its own; `None` if it finds no code.
        fn read(&self, scale: usize) -> Option<String> {
            let mut seen = rqrr::PreparedImage::prepare_from_greyscale(
                self.width * scale,
                self.height() * scale,
                |x, y| {
                    if self.at(x / scale, y / scale) {
                        255
                    } else {
                        0
                    }
                },
            );
            let grids = seen.detect_grids();
            Some(grids.first()?.decode().ok()?.1)
        }

        /// Whether 4 modules of `scale` pixels at each edge are light, and the code begins there.
        fn has_quiet_zone(&self, scale: usize) -> bool {
            let (width, height, quiet) = (self.width, self.height(), QUIET * scale);
            (0..height).all(|y| {
                (0..width).all(|x| {
                    let inside =
                        (quiet..width - quiet).contains(&x) && (quiet..height - quiet).contains(&y);
                    inside || self.at(x, y)
                })
            }) && !self.at(quiet, quiet)
        }
    }

    /// What the lines look like on a terminal: which half cells are light.
    fn shown(lines: &str, text_is_light: bool) -> Picture {
        let mut rows = Vec::new();
        for line in lines.lines() {
            let (mut upper, mut lower) = (Vec::new(), Vec::new());
            let (mut ink, mut paper) = (text_is_light, !text_is_light);
            let mut rest = line;
            while let Some(c) = rest.chars().next() {
                if let Some(after) = rest.strip_prefix("\x1b[") {
                    let (codes, after) = after.split_once('m').expect("an SGR sequence");
                    (ink, paper) = match codes {
                        "0" => (text_is_light, !text_is_light),
                        "38;5;16;48;5;231" => (false, true),
                        other => panic!("colours {other:?}"),
                    };
                    rest = after;
                    continue;
                }
                let (top, bottom) = match c {
                    '█' => (ink, ink),
                    '▀' => (ink, paper),
                    '▄' => (paper, ink),
                    ' ' => (paper, paper),
                    other => panic!("drawn with {other:?}"),
                };
                upper.push(top);
                lower.push(bottom);
                rest = &rest[c.len_utf8()..];
            }
            assert_eq!((ink, paper), (text_is_light, !text_is_light), "not reset");
            rows.extend([upper, lower]);
        }
        Picture::new(&rows)
    }

    #[test]
    fn in_colour_the_terminal_shows_it_on_dark_and_on_light() {
        for text in texts() {
            let lines = terminal(&text, true).expect("it fits");
            for text_is_light in [true, false] {
                let picture = shown(&lines, text_is_light);
                assert!(picture.has_quiet_zone(1));
                let seen = picture.framed(!text_is_light).read(4);
                assert_eq!(seen.as_ref(), Some(&text));
            }
        }
    }

    #[test]
    fn without_colour_a_dark_terminal_shows_it() {
        for text in texts() {
            let lines = terminal(&text, false).expect("it fits");
            assert!(!lines.contains('\x1b'));
            let picture = shown(&lines, true);
            assert!(picture.has_quiet_zone(1));
            assert_eq!(picture.framed(false).read(4), Some(text));
        }
        // Why colour is there: on a light terminal it is a negative.
        let lines = terminal(LAB, false).expect("it fits");
        assert_eq!(shown(&lines, false).framed(true).read(4), None);
    }

    #[test]
    fn the_labs_code_fits_into_a_terminal_of_80_by_24() {
        let lines = terminal(LAB, false).expect("it fits");
        assert!(lines.lines().count() <= 23, "{lines}");
        assert!(lines.lines().all(|line| line.chars().count() <= 80));
        assert!(lines.ends_with('\n'));
    }

    #[test]
    fn a_png_can_be_scanned() {
        for text in texts() {
            let file = png(&text).expect("it fits");
            let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().expect("a PNG");
            let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
            let info = reader.next_frame(&mut pixels).expect("a picture");
            assert_eq!(
                (info.color_type, info.line_size),
                (png::ColorType::Grayscale, info.width as usize)
            );
            let light = pixels.iter().map(|&grey| grey > 127).collect();
            let picture = Picture {
                width: info.width as usize,
                light,
            };
            assert_eq!(picture.height(), picture.width);
            assert!(picture.has_quiet_zone(SCALE));
            assert_eq!(picture.read(1).as_ref(), Some(&text));
            assert_eq!(picture.framed(false).read(1), Some(text));
        }
    }

    /// The value of an attribute.
    fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
        let at = element.find(&format!(" {name}=\"")).expect(name) + name.len() + 3;
        element[at..].split('"').next().expect(name)
    }

    /// Draws the document: its paper, then its path of rectangles `Mx yhWvHHxVy`.
    fn drawn(document: &str) -> Picture {
        let number = |text: &str| text.parse::<usize>().expect("a number");
        let elements: Vec<&str> = document.split('<').collect();
        let find = |name: &str| {
            *elements
                .iter()
                .find(|one| one.starts_with(name))
                .expect(name)
        };
        let (root, paper, path) = (find("svg "), find("rect "), find("path "));
        let side = number(attribute(root, "width"));
        assert_eq!(attribute(root, "viewBox"), format!("0 0 {side} {side}"));
        for same in ["width", "height"] {
            assert_eq!(number(attribute(paper, same)), side);
        }
        assert_eq!(
            (attribute(paper, "fill"), attribute(path, "fill")),
            ("#fff", "#000")
        );
        let mut picture = Picture {
            width: side,
            light: vec![true; side * side],
        };
        for rectangle in attribute(path, "d").split('M').skip(1) {
            let (x, rest) = rectangle.split_once(' ').expect("x");
            let (y, rest) = rest.split_once('h').expect("y");
            let (width, rest) = rest.split_once('v').expect("width");
            let (height, back) = rest.split_once('H').expect("height");
            assert_eq!(back, format!("{x}V{y}"), "not closed");
            let (x, y, width, height) = (number(x), number(y), number(width), number(height));
            for y in y..y + height {
                picture.light[y * side + x..][..width].fill(false);
            }
        }
        picture
    }

    #[test]
    fn an_svg_can_be_scanned() {
        for text in texts() {
            let document = svg(&text).expect("it fits");
            assert!(document.starts_with("<?xml") && document.ends_with("</svg>"));
            let picture = drawn(&document);
            assert!(picture.has_quiet_zone(SCALE));
            assert_eq!(picture.read(1).as_ref(), Some(&text));
            assert_eq!(picture.framed(false).read(1), Some(text));
        }
    }

    #[test]
    fn too_long_is_an_error() {
        let long = "ñ".repeat(1500);
        assert_eq!(terminal(&long, true), Err(TooLong));
        assert_eq!(svg(&long), Err(TooLong));
        assert_eq!(png(&long), Err(TooLong));
        assert_eq!(terminal("", false).map(|lines| lines.is_empty()), Ok(false));
    }
}
