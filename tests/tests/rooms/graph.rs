//! The rooms of a crate as a graph: an arrow goes from the room that imports to the room that is imported from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::scan::{Files, Import, Scan};

/// Maximum number of imports that a message lists for one arrow.
const LISTED: usize = 10;

/// Imports by the importing room or module and the one that is imported from.
type Arrows = BTreeMap<(String, String), Vec<Import>>;

/// The rooms of one crate and what they import from one another.
#[derive(Debug)]
pub(crate) struct Graph {
    krate: String,
    /// From bottom to top.
    order: Vec<String>,
    rooms: BTreeSet<String>,
    arrows: Arrows,
    /// Arrows between modules of one parent within a room; the modules are named by their paths.
    sibling_arrows: Arrows,
    /// Messages about rooms that the table lacks and names that cannot be resolved.
    problems: Vec<String>,
}

impl Graph {
    /// Builds the graph of a crate. `layers` holds its rooms from bottom to top: `name`, or `name = module module` where
    /// several top-level modules are one room.
    pub(crate) fn new(krate: &str, layers: &[&str], files: &Files) -> Result<Self, String> {
        let scan = Scan::new(files).map_err(|error| format!("{krate}: {error}"))?;
        let mut order = Vec::new();
        let mut room_of = BTreeMap::new();
        for layer in layers {
            let (name, modules) = layer.split_once('=').unwrap_or((layer, layer));
            order.push(name.trim().to_owned());
            for module in modules.split_whitespace() {
                room_of.insert(module.to_owned(), name.trim().to_owned());
            }
        }
        let mut graph = Self {
            krate: krate.to_owned(),
            order,
            rooms: BTreeSet::new(),
            arrows: Arrows::new(),
            sibling_arrows: sibling_arrows(&scan),
            problems: Vec::new(),
        };
        for module in &scan.rooms {
            match room_of.get(module) {
                Some(room) => {
                    graph.rooms.insert(room.clone());
                }
                None => graph.problems.push(format!(
                    "{krate}: the room `{module}` is not in the table: add it to tests/tests/rooms/tables.rs, \
                     below the rooms that import from it"
                )),
            }
        }
        for import in &scan.imports {
            let Some(from) = import.module.first().and_then(|module| room_of.get(module)) else { continue };
            match target(&scan, &import.path) {
                Target::Module(module) => {
                    if let Some(to) = room_of.get(&module).filter(|to| *to != from) {
                        let arrow = (from.clone(), to.clone());
                        graph.arrows.entry(arrow).or_default().push(import.clone());
                    }
                }
                Target::NoRoom => {}
                Target::Unknown => graph.problems.push(format!(
                    "{krate}/src/{}:{}: the root of the crate does not say where `crate::{}` comes from",
                    import.file.display(),
                    import.line,
                    import.path.join("::")
                )),
            }
        }
        Ok(graph)
    }

    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(crate) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    pub(crate) fn arrows(&self) -> usize {
        self.arrows.len()
    }

    /// Returns the number of imports of all arrows.
    pub(crate) fn imports(&self) -> usize {
        self.arrows.values().map(Vec::len).sum()
    }

    /// Returns the arrows to a room that is declared above the importing one, as `crate: upward from -> to` with their
    /// imports.
    pub(crate) fn upward(&self) -> BTreeMap<String, String> {
        let height = |room: &String| self.order.iter().position(|other| other == room);
        let upward = self.arrows.keys().filter(|(from, to)| height(from) < height(to));
        upward.map(|(from, to)| (self.upward_name(from, to), self.describe(&self.arrows, from, to))).collect()
    }

    fn upward_name(&self, from: &str, to: &str) -> String {
        format!("{}: upward {from} -> {to}", self.krate)
    }

    /// Returns a shortest circle for each arrow that is a part of a circle, as `crate: circle a -> b -> a` with the
    /// imports of its arrows. There may be longer circles; all consist of arrows that are in one of these.
    pub(crate) fn circles(&self) -> BTreeMap<String, String> {
        self.circles_in(&self.arrows)
    }

    /// Returns the circles of modules with one parent within a room, in the form of [`circles`](Self::circles).
    pub(crate) fn sibling_circles(&self) -> BTreeMap<String, String> {
        self.circles_in(&self.sibling_arrows)
    }

    fn circles_in(&self, arrows: &Arrows) -> BTreeMap<String, String> {
        let mut circles = BTreeMap::new();
        for (from, to) in arrows.keys() {
            let Some(mut circle) = way(arrows, to, from) else { continue };
            // A circle has one name, whichever of its arrows led to it.
            let first = circle.iter().enumerate().min_by_key(|&(_, room)| room).map_or(0, |(first, _)| first);
            circle.rotate_left(first);
            circle.push(circle[0].clone());
            let imports = circle.windows(2).map(|pair| self.describe(arrows, &pair[0], &pair[1])).collect();
            circles.insert(format!("{}: circle {}", self.krate, circle.join(" -> ")), imports);
        }
        circles
    }

    /// Formats the imports of an arrow: file, line and name.
    fn describe(&self, arrows: &Arrows, from: &str, to: &str) -> String {
        let imports = arrows.get(&(from.to_owned(), to.to_owned())).map_or(&[][..], Vec::as_slice);
        let mut text = format!("  {from} -> {to}\n");
        for import in imports.iter().take(LISTED) {
            let (file, path) = (import.file.display(), import.path.join("::"));
            let _ = writeln!(text, "    {}/src/{file}:{} crate::{path}", self.krate, import.line);
        }
        if let Some(more @ 1..) = imports.len().checked_sub(LISTED) {
            let _ = writeln!(text, "    and {more} more");
        }
        text
    }

    /// Formats every room from top to bottom, with the rooms that it imports from and the number of imports. `!` marks
    /// arrows that go upward.
    pub(crate) fn picture(&self) -> String {
        let mut text = format!("{}\n", self.krate);
        let upward = self.upward();
        for room in self.order.iter().rev().filter(|room| self.rooms.contains(*room)) {
            let arrows = self.arrows.iter().filter(|((from, _), _)| from == room);
            let arrows = arrows.map(|((from, to), imports)| {
                let mark = if upward.contains_key(&self.upward_name(from, to)) { "!" } else { "" };
                format!("{mark}{to} {}", imports.len())
            });
            let _ = writeln!(text, "  {room} -> {}", arrows.collect::<Vec<_>>().join(", "));
        }
        text
    }
}

/// Returns the arrows between modules that have the same parent within a room: `a::b::c` that imports from `a::d` is an
/// arrow from `a::b` to `a::d`. A parent and its children are no siblings.
fn sibling_arrows(scan: &Scan) -> Arrows {
    let mut arrows = Arrows::new();
    for import in &scan.imports {
        let (from, to) = (&import.module, scan.module_of(&import.path));
        let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
        if shared > 0 && shared < from.len() && shared < to.len() {
            let arrow = (from[..=shared].join("::"), to[..=shared].join("::"));
            arrows.entry(arrow).or_default().push(import.clone());
        }
    }
    arrows
}

/// Returns the rooms of a shortest way from one room to another, both included.
fn way(arrows: &Arrows, from: &str, to: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(room) = queue.pop_front() {
        if room == to {
            let mut way = vec![to.to_owned()];
            let mut room = to;
            while room != from {
                room = came_from[room];
                way.push(room.to_owned());
            }
            way.reverse();
            return Some(way);
        }
        for (_, next) in arrows.keys().filter(|(start, _)| start == room) {
            if next != from && !came_from.contains_key(next.as_str()) {
                came_from.insert(next, room);
                queue.push_back(next);
            }
        }
    }
    None
}

enum Target {
    Module(String),
    /// What the root defines itself, or another crate.
    NoRoom,
    Unknown,
}

/// Follows a path through what the root of the crate re-exports.
fn target(scan: &Scan, path: &[String]) -> Target {
    let Some(first) = path.first() else { return Target::NoRoom };
    if scan.rooms.contains(first) {
        return Target::Module(first.clone());
    }
    if let Some(module) = scan.macros.get(first) {
        return module.first().map_or(Target::NoRoom, |module| Target::Module(module.clone()));
    }
    match scan.exports.get(first) {
        Some(exported) if exported.first() == Some(first) => Target::NoRoom,
        Some(exported) if scan.exports.contains_key(&exported[0]) || scan.rooms.contains(&exported[0]) => {
            target(scan, exported)
        }
        Some(_) => Target::NoRoom,
        None if scan.items.contains(first) => Target::NoRoom,
        None => Target::Unknown,
    }
}
