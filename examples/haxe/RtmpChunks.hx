import flash.utils.ByteArray;
import flash.utils.IDataOutput;

/** Complete message. **/
typedef RtmpMessage = {
	var type:Int;
	var body:ByteArray;
}

/** State of one incoming chunk stream. **/
private class Stream {
	public var length = 0;
	public var type = 0;
	public var extended = false;
	public var body = new ByteArray();

	public function new() {}
}

/** Reader and writer of RTMP chunks. **/
class RtmpChunks {
	/** Length of the message header in bytes, by chunk format. **/
	static final HEADER = [11, 7, 3, 0];

	static inline final EXTENDED = 0xFFFFFF;

	public var incomingSize = 128;
	public var outgoingSize = 128;

	final incoming = new Map<Int, Stream>();
	final outgoing = new Map<Int, Bool>();

	public function new() {}

	/** Returns the next complete message, or null if more bytes are needed. **/
	public function read(input:ByteArray):Null<RtmpMessage> {
		while (true) {
			var start = input.position;
			var stream = readChunk(input);
			if (stream == null) {
				input.position = start;
				return null;
			}
			if (Std.int(stream.body.length) == stream.length) {
				var body = stream.body;
				body.position = 0;
				stream.body = new ByteArray();
				return {type: stream.type, body: body};
			}
		}
	}

	/** Reads one chunk. Returns null and changes no stream if the chunk is incomplete. **/
	function readChunk(input:ByteArray):Null<Stream> {
		if (lacks(input, 1))
			return null;
		var first = input.readUnsignedByte();
		var format = first >> 6;
		var id = first & 63;
		if (lacks(input, HEADER[format] + (id < 2 ? id + 1 : 0)))
			return null;
		if (id == 0) {
			id = 64 + input.readUnsignedByte();
		} else if (id == 1) {
			id = 64 + input.readUnsignedByte();
			id += 256 * input.readUnsignedByte();
		}
		var stream = incoming[id];
		if (stream == null)
			incoming[id] = stream = new Stream();
		var length = stream.length;
		var type = stream.type;
		var extended = stream.extended;
		if (format < 3)
			extended = read24(input) == EXTENDED;
		if (format < 2) {
			length = read24(input);
			type = input.readUnsignedByte();
		}
		if (format == 0)
			input.readUnsignedInt(); // the message stream
		if (extended) {
			if (lacks(input, 4))
				return null;
			input.readUnsignedInt();
		}
		var had = Std.int(stream.body.length);
		var size = Std.int(Math.min(incomingSize, length - had));
		if (lacks(input, size))
			return null;
		// `readBytes` with a length of 0 would read all available bytes.
		if (size > 0)
			input.readBytes(stream.body, had, size);
		stream.length = length;
		stream.type = type;
		stream.extended = extended;
		return stream;
	}

	/** Writes a message: control messages on chunk stream 2, all other messages on chunk stream 3. **/
	public function write(output:IDataOutput, type:Int, body:ByteArray) {
		var id = type < 7 ? 2 : 3;
		// The first header on a chunk stream is complete. Later ones omit the message stream id, which is always 0.
		var again = outgoing.exists(id);
		outgoing[id] = true;
		output.writeByte((again ? 1 : 0) << 6 | id);
		write24(output, 0);
		write24(output, Std.int(body.length));
		output.writeByte(type);
		if (!again)
			output.writeUnsignedInt(0);
		var at = 0;
		var length = Std.int(body.length);
		do {
			if (at > 0)
				output.writeByte(3 << 6 | id);
			var size = Std.int(Math.min(outgoingSize, length - at));
			if (size > 0)
				output.writeBytes(body, at, size);
			at += size;
		} while (at < length);
	}

	static function lacks(input:ByteArray, count:Int) {
		return Std.int(input.bytesAvailable) < count;
	}

	static function read24(input:ByteArray) {
		var high = input.readUnsignedByte();
		return high << 16 | input.readUnsignedShort();
	}

	static function write24(output:IDataOutput, number:Int) {
		output.writeByte(number >> 16);
		output.writeShort(number & 0xFFFF);
	}
}
