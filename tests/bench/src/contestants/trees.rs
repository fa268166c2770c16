//! The data as trees of the peers' values.

use crate::contestants::{ToTree, Tree, Values};
use crate::data::{Command, Connect, Node, Player, Position};

impl ToTree for Player<String> {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::object(
            "com.example.Player",
            [
                ("id", T::integer(self.id as i32)),
                ("displayName", T::text(&self.display_name)),
                ("session", T::text(&self.session)),
                ("guild", T::text(&self.guild)),
                ("rank", T::text(&self.rank)),
                ("level", T::integer(self.level)),
                ("score", T::number(self.score)),
                ("accuracy", T::number(self.accuracy)),
                ("online", T::flag(self.online)),
                ("joined", T::date(self.joined)),
                ("position", self.position.to_tree::<T>()),
                ("bannedBecause", self.banned_because.to_tree::<T>()),
            ],
        )
    }
}

impl ToTree for Position {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::object("com.example.Position", [("x", T::number(self.x)), ("y", T::number(self.y))])
    }
}

impl ToTree for Connect<String> {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::object(
            "",
            [
                ("app", T::text(&self.app)),
                ("flashVer", T::text(&self.flash_ver)),
                ("swfUrl", T::text(&self.swf_url)),
                ("tcUrl", T::text(&self.tc_url)),
                ("fpad", T::flag(self.fpad)),
                ("capabilities", T::number(self.capabilities)),
                ("audioCodecs", T::number(self.audio_codecs)),
                ("videoCodecs", T::number(self.video_codecs)),
                ("videoFunction", T::number(self.video_function)),
                ("pageUrl", T::text(&self.page_url)),
                ("objectEncoding", T::number(self.object_encoding)),
            ],
        )
    }
}

impl Values<3> for Command<String> {
    fn values<T: Tree>(&'static self) -> [T::Value; 3] {
        [T::text(&self.0), T::number(self.1), self.2.to_tree::<T>()]
    }
}

impl ToTree for Node {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::object(
            "com.example.Node",
            [
                ("id", T::integer(self.id)),
                ("label", T::text(&self.label)),
                ("child", self.child.to_tree::<T>()),
            ],
        )
    }
}
