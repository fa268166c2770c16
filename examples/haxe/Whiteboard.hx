import flash.display.Sprite;
import flash.events.Event;
import flash.events.MouseEvent;

typedef Stroke = {color:Int, points:Array<Float>};

/**
	Draws on the board that `examples/src/whiteboard.rs` serves.

	Flash Player and AIR have remote shared objects of their own. Ruffle has none, but it has sockets: with
	`-D ruffle` the movie speaks RTMP itself, and the page's `socketProxy` brings it to the server. From this folder:

	    haxe --main Whiteboard --swf whiteboard.swf
	    haxe --main Whiteboard --swf whiteboard.swf -D ruffle -cp ../../tests/clients/ruffle
**/
class Whiteboard {
	static inline final URL = "rtmp://127.0.0.1:1935/whiteboard/kitchen";

	/** A stroke may have 512 points. **/
	static inline final LONG = 2 * 512;

	final strokes = new Sprite();
	final cursors = new Sprite();
	final color = Std.random(0x1000000);
	final board:Board;

	var me:String;
	var drawing:Stroke;
	var drawn = 0;

	static function main() {
		new Whiteboard();
	}

	function new() {
		flash.Lib.current.addChild(strokes);
		flash.Lib.current.addChild(cursors);
		board = new Board(URL, function(me) this.me = me, drawStrokes, drawCursors);
		var stage = flash.Lib.current.stage;
		stage.addEventListener(MouseEvent.MOUSE_DOWN, function(_) begin());
		stage.addEventListener(MouseEvent.MOUSE_MOVE, move);
		stage.addEventListener(MouseEvent.MOUSE_UP, function(_) drawing = null);
		// A cursor is sent once for a frame, however often the mouse moves.
		stage.addEventListener(Event.ENTER_FRAME, function(_) {
			if (me != null && moved != null)
				board.set("cursors", me, moved);
			moved = null;
		});
	}

	var moved:Null<{x:Float, y:Float}>;

	function begin() {
		drawn++;
		drawing = {color: color, points: []};
	}

	function move(event:MouseEvent) {
		moved = {x: event.stageX, y: event.stageY};
		if (drawing == null || me == null)
			return;
		if (drawing.points.length >= LONG)
			begin();
		drawing.points.push(event.stageX);
		drawing.points.push(event.stageY);
		// The name is new in each session: strokes outlive those who drew them.
		board.set("strokes", session + "-" + drawn, drawing);
	}

	final session = Std.string(Date.now().getTime()) + "-" + Std.random(1000000);

	function drawStrokes(slots:Map<String, Dynamic>) {
		strokes.graphics.clear();
		for (stroke in slots) {
			var points:Array<Float> = stroke.points;
			strokes.graphics.lineStyle(3, stroke.color);
			for (index in 0...points.length >> 1) {
				if (index == 0)
					strokes.graphics.moveTo(points[0], points[1]);
				else
					strokes.graphics.lineTo(points[2 * index], points[2 * index + 1]);
			}
		}
	}

	function drawCursors(slots:Map<String, Dynamic>) {
		cursors.graphics.clear();
		for (slot => cursor in slots) {
			cursors.graphics.beginFill(slot == me ? color : 0x808080);
			cursors.graphics.drawCircle(cursor.x, cursor.y, 4);
		}
	}
}
