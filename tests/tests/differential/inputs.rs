//! Inputs: seeds of the fuzz targets and values written byte by byte, then changed at random.

use std::path::Path;

use amf_core::Version;
use amf_tests::random::Random;

/// So many inputs, the same in every run.
pub(crate) fn inputs(count: usize) -> Vec<(Version, Vec<u8>)> {
    let mut random = Random::from_seed(0x00DD_BA11);
    let seeds = [seeds(Version::Amf0, "amf0"), seeds(Version::Amf3, "amf3")].concat();
    let mut inputs = seeds.clone();
    while inputs.len() < count {
        let (version, mut input) = match random.between(0, 4) {
            0 => seeds[random.bits() as usize % seeds.len()].clone(),
            1 | 2 => (Version::Amf0, Generator::new(&mut random).value(Version::Amf0)),
            _ => (Version::Amf3, Generator::new(&mut random).value(Version::Amf3)),
        };
        for _ in 0..random.between(-2, 3) {
            change(&mut random, &mut input);
        }
        inputs.push((version, input));
    }
    inputs
}

fn seeds(version: Version, target: &str) -> Vec<(Version, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| (version, std::fs::read(file).unwrap())).collect()
}

/// Changes, inserts, removes or repeats a little.
fn change(random: &mut Random, input: &mut Vec<u8>) {
    let at = random.bits() as usize % (input.len() + 1);
    let end = (at + random.between(1, 4) as usize).min(input.len());
    let byte = if random.between(0, 1) == 0 { random.bits() as u8 } else { random.between(0, 18) as u8 };
    match random.between(0, 4) {
        0 => input.insert(at, byte),
        1 => drop(input.drain(at..end)),
        2 => input.extend_from_within(at..end),
        _ => {
            if let Some(place) = input.get_mut(at) {
                *place = byte;
            }
        }
    }
}

/// Writes values byte by byte, with references that mostly lead somewhere.
struct Generator<'a> {
    random: &'a mut Random,
    out: Vec<u8>,
    strings: usize,
    amf0_objects: usize,
    amf3_objects: usize,
    /// The number of sealed members, and whether dynamic ones follow.
    traits: Vec<(usize, bool)>,
}

impl<'a> Generator<'a> {
    fn new(random: &'a mut Random) -> Self {
        Self { random, out: Vec::new(), strings: 0, amf0_objects: 0, amf3_objects: 0, traits: Vec::new() }
    }

    fn value(mut self, version: Version) -> Vec<u8> {
        match version {
            Version::Amf0 => self.amf0(4),
            Version::Amf3 => self.amf3(4),
        }
        self.out
    }

    fn up_to(&mut self, most: usize) -> usize {
        self.random.bits() as usize % (most + 1)
    }

    fn marked(&mut self, marker: u8, content: &[u8]) {
        self.out.push(marker);
        self.out.extend(content);
    }

    fn amf0(&mut self, depth: usize) {
        let kind = self.up_to(if depth == 0 { 10 } else { 16 });
        match kind {
            0 => self.marked_number(0x00),
            1 => {
                let flag = self.up_to(1) as u8;
                self.marked(0x01, &[flag]);
            }
            2 => self.out.push(0x05),
            3 => self.out.push(0x06),
            4 => self.out.push(0x0D),
            5 | 6 => {
                self.out.push(0x02);
                self.amf0_text();
            }
            7 => {
                let text = self.text();
                self.marked(0x0C, &(text.len() as u32).to_be_bytes());
                self.out.extend(text.as_bytes());
            }
            8 => {
                self.amf0_objects += 1;
                self.marked(0x0F, &[0, 0, 0, 4]);
                self.out.extend(b"<a/>");
            }
            9 if self.amf0_objects > 0 => {
                let index = self.up_to(self.amf0_objects - 1) as u16;
                self.marked(0x07, &index.to_be_bytes());
            }
            9 | 10 => {
                self.marked_date(0x0B);
                self.out.extend([0, 0]);
            }
            11 => {
                self.out.push(0x11);
                self.amf3(depth - 1);
            }
            12 => {
                self.amf0_objects += 1;
                let count = self.up_to(4);
                self.marked(0x0A, &(count as u32).to_be_bytes());
                (0..count).for_each(|_| self.amf0(depth - 1));
            }
            13 => {
                self.marked(0x08, &[0, 0, 0, 2]);
                self.amf0_members(depth);
            }
            14 => {
                self.marked(0x10, &[0, 1, b'P']);
                self.amf0_members(depth);
            }
            _ => {
                self.out.push(0x03);
                self.amf0_members(depth);
            }
        }
    }

    fn amf0_members(&mut self, depth: usize) {
        self.amf0_objects += 1;
        for _ in 0..self.up_to(3) {
            self.amf0_text();
            self.amf0(depth - 1);
        }
        self.out.extend([0, 0, 0x09]);
    }

    fn amf0_text(&mut self) {
        let text = self.text();
        self.out.extend((text.len() as u16).to_be_bytes());
        self.out.extend(text.as_bytes());
    }

    fn amf3(&mut self, depth: usize) {
        let kind = self.up_to(if depth == 0 { 10 } else { 16 });
        match kind {
            marker @ 0..=3 => self.out.push(marker as u8),
            4 => {
                let bits = 1 + self.up_to(28);
                let number = self.random.bits() as usize % (1 << bits);
                self.out.push(0x04);
                self.u29(number);
            }
            5 => self.marked_number(0x05),
            6 | 7 => {
                self.out.push(0x06);
                let text = self.text();
                self.amf3_text(&text);
            }
            8 => {
                self.amf3_objects += 1;
                self.out.push(0x08);
                self.marked_date(0x01);
            }
            9 => {
                self.amf3_objects += 1;
                let length = self.up_to(5);
                self.out.push(0x0C);
                self.u29(length << 1 | 1);
                self.out.extend((0..length).map(|_| self.random.bits() as u8));
            }
            10 if self.amf3_objects > 0 => {
                // The marker of a reference says what it leads to; a reader takes any.
                let marker = [0x09, 0x0A, 0x08, 0x0C, 0x0B][self.up_to(4)];
                let index = self.up_to(self.amf3_objects - 1);
                self.out.push(marker);
                self.u29(index << 1);
            }
            10 => {
                self.amf3_objects += 1;
                self.marked(0x0B, &[0x09]);
                self.out.extend(b"<a/>");
            }
            11..=13 => self.amf3_array(depth, kind == 13),
            14 if !self.traits.is_empty() => {
                let index = self.up_to(self.traits.len() - 1);
                let traits = self.traits[index];
                self.amf3_objects += 1;
                self.out.push(0x0A);
                self.u29(index << 2 | 1);
                self.amf3_members(depth, traits);
            }
            15 => self.amf3_collection(depth),
            _ => self.amf3_object(depth),
        }
    }

    fn amf3_array(&mut self, depth: usize, named: bool) {
        self.amf3_objects += 1;
        let count = self.up_to(4);
        self.out.push(0x09);
        self.u29(count << 1 | 1);
        if named {
            let name = self.name();
            self.amf3_text(&name);
            self.amf3(depth - 1);
        }
        self.out.push(0x01);
        (0..count).for_each(|_| self.amf3(depth - 1));
    }

    fn amf3_object(&mut self, depth: usize) {
        self.amf3_objects += 1;
        let (sealed, dynamic) = (self.up_to(2), self.up_to(1) == 1);
        self.out.push(0x0A);
        self.u29(sealed << 4 | usize::from(dynamic) << 3 | 3);
        let alias = ["", "P", "com.example.Q"][self.up_to(2)];
        self.amf3_text(alias);
        for _ in 0..sealed {
            let name = self.name();
            self.amf3_text(&name);
        }
        self.traits.push((sealed, dynamic));
        self.amf3_members(depth, (sealed, dynamic));
    }

    fn amf3_members(&mut self, depth: usize, (sealed, dynamic): (usize, bool)) {
        (0..sealed).for_each(|_| self.amf3(depth - 1));
        if dynamic {
            for _ in 0..self.up_to(2) {
                let name = self.name();
                self.amf3_text(&name);
                self.amf3(depth - 1);
            }
            self.out.push(0x01);
        }
    }

    fn amf3_collection(&mut self, depth: usize) {
        self.amf3_objects += 1;
        // Its record takes a place among the traits; who refers to it gets what comes.
        self.traits.push((1, false));
        self.out.extend([0x0A, 0x07]);
        self.amf3_text("flex.messaging.io.ArrayCollection");
        self.amf3_array(depth, false);
    }

    /// Inline, or as a reference to any string before.
    fn amf3_text(&mut self, text: &str) {
        if self.strings > 0 && self.up_to(3) == 0 {
            let index = self.up_to(self.strings - 1);
            return self.u29(index << 1);
        }
        self.u29(text.len() << 1 | 1);
        self.out.extend(text.as_bytes());
        self.strings += usize::from(!text.is_empty());
    }

    fn text(&mut self) -> String {
        let length = self.up_to(4);
        self.random.text(length)
    }

    fn name(&mut self) -> String {
        ["a", "b", "0", "1", "length", "é", "$x"][self.up_to(6)].to_owned()
    }

    fn marked_number(&mut self, marker: u8) {
        let number = match self.up_to(3) {
            0 => self.random.between(-1_000, 1_000) as f64,
            1 => self.random.fraction(),
            2 => [0.0, -0.0, f64::INFINITY, f64::NAN, 9e15, 1e16][self.up_to(5)],
            _ => f64::from_bits(self.random.bits()),
        };
        self.marked(marker, &number.to_be_bytes());
    }

    fn marked_date(&mut self, marker: u8) {
        let millis = self.random.millis() as f64;
        self.marked(marker, &millis.to_be_bytes());
    }

    /// A number of up to 29 bits in as few bytes as it needs (AMF3 §1.3.1).
    fn u29(&mut self, number: usize) {
        let seven = |shift: usize| (number >> shift) as u8 & 0x7F;
        match number {
            0..0x80 => self.out.push(seven(0)),
            0x80..0x4000 => self.out.extend([seven(7) | 0x80, seven(0)]),
            0x4000..0x20_0000 => self.out.extend([seven(14) | 0x80, seven(7) | 0x80, seven(0)]),
            _ => self.out.extend([seven(22) | 0x80, seven(15) | 0x80, seven(8) | 0x80, number as u8]),
        }
    }
}
