import flash.net.ObjectEncoding;
import flash.utils.ByteArray;

/**
	Reader and writer of consecutive values, as in the body of a command: in AMF0, or in AMF3 after the marker 0x11.

	The player's own functions read and write the values, except that Ruffle writes an instance without its alias.
	Instances are therefore written here, in AMF0.
**/
class RtmpValues {
	static inline final TYPED_OBJECT = 0x10;
	static inline final AMF3 = 0x11;
	static inline final OBJECT_END = 0x09;

	static final aliases = new Map<String, String>();

	/** Registers a class alias. The standard library of Haxe does not declare this function of the player. **/
	public static function register(alias:String, type:Class<Dynamic>) {
		untyped __global__["flash.net.registerClassAlias"](alias, type);
		aliases[Type.getClassName(type)] = alias;
	}

	public static function write(values:Array<Dynamic>):ByteArray {
		var body = new ByteArray();
		body.objectEncoding = ObjectEncoding.AMF0;
		for (value in values)
			writeOne(body, value);
		return body;
	}

	public static function writeAmf3(values:Array<Dynamic>):ByteArray {
		var body = new ByteArray();
		body.objectEncoding = ObjectEncoding.AMF3;
		for (value in values) {
			body.writeByte(AMF3);
			body.writeObject(value);
		}
		return body;
	}

	/** Reads the values from the current position to `end`. **/
	public static function read(body:ByteArray, end:UInt):Array<Dynamic> {
		return [while (body.position < end) readOne(body)];
	}

	public static function readOne(body:ByteArray):Dynamic {
		body.objectEncoding = ObjectEncoding.AMF0;
		if (body[body.position] == AMF3) {
			body.position++;
			body.objectEncoding = ObjectEncoding.AMF3;
		}
		return body.readObject();
	}

	static function writeOne(body:ByteArray, value:Dynamic) {
		var type = Type.getClass(value);
		var alias = type == null ? null : aliases[Type.getClassName(type)];
		if (alias == null) {
			body.writeObject(value);
			return;
		}
		body.writeByte(TYPED_OBJECT);
		body.writeUTF(alias);
		for (name in Type.getInstanceFields(type)) {
			body.writeUTF(name);
			writeOne(body, Reflect.field(value, name));
		}
		body.writeUTF("");
		body.writeByte(OBJECT_END);
	}
}
