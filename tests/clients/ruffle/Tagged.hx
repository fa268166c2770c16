import flash.utils.ByteArray;

/**
	Values as JSON. What JSON has stands for itself; the rest is an object with one tag:

	- `{"$undefined": true}`
	- `{"$double": the eight bytes in hex | "nan"}`: every number that is not whole, or is too large to
	  be sure of (Ruffle's own reading of decimals is not exact)
	- `{"$date": milliseconds since 1970}`
	- `{"$bytes": hex}`
	- `{"$ecma": {…}}`: an array that has members by name
	- `{"$class": name, "members": {…}}`: an instance of a class of the movie's own
	- `{"$cycle": true}`: an object inside itself
**/
class Tagged {
	/** The value that a tagged form stands for. **/
	public static function build(form:Dynamic):Dynamic {
		if (form == null || Std.isOfType(form, Bool) || Std.isOfType(form, Float) || Std.isOfType(form, String))
			return form;
		if (Std.isOfType(form, Array))
			return (form : Array<Dynamic>).map(build);
		if (Reflect.hasField(form, "$undefined"))
			return missing();
		if (Reflect.hasField(form, "$double")) {
			var digits:String = Reflect.field(form, "$double");
			return digits == "nan" ? Math.NaN : bytes(digits).readDouble();
		}
		if (Reflect.hasField(form, "$date"))
			return Date.fromTime(Reflect.field(form, "$date"));
		if (Reflect.hasField(form, "$bytes"))
			return bytes(Reflect.field(form, "$bytes"));
		if (Reflect.hasField(form, "$ecma")) {
			var array = new Array<Dynamic>();
			copy(Reflect.field(form, "$ecma"), array);
			return array;
		}
		var object = {};
		copy(form, object);
		return object;
	}

	/** The tagged form of a value. **/
	public static function describe(value:Dynamic, ?above:Array<Dynamic>):Dynamic {
		if (untyped __typeof__(value) == "undefined")
			return tag("undefined", true);
		if (value == null || Std.isOfType(value, Bool) || Std.isOfType(value, String))
			return value;
		if (Std.isOfType(value, Float))
			return number(value);
		if (Std.isOfType(value, Date))
			return tag("date", (value : Date).getTime());
		if (Std.isOfType(value, ByteArray))
			return tag("bytes", hex(value));
		if (above == null)
			above = [];
		if (above.indexOf(value) >= 0)
			return tag("cycle", true);
		above = above.concat([value]);
		if (Std.isOfType(value, Array)) {
			var names = Reflect.fields(value).filter(name -> Std.parseInt(name) == null);
			if (names.length > 0)
				return tag("ecma", members(value, Reflect.fields(value), above));
			return [for (item in (value : Array<Dynamic>)) describe(item, above)];
		}
		var type = Type.getClass(value);
		if (type == null || Type.getClassName(type) == "Object")
			return members(value, Reflect.fields(value), above);
		var typed = tag("class", Type.getClassName(type));
		typed.members = members(value, Type.getInstanceFields(type), above);
		return typed;
	}

	static function number(value:Float):Dynamic {
		if (Math.isNaN(value))
			return tag("double", "nan");
		var isMinusZero = value == 0 && 1 / value < 0;
		if (Math.abs(value) <= 9007199254740991.0 && Math.ffloor(value) == value && !isMinusZero)
			return value;
		var bytes = new ByteArray();
		bytes.writeDouble(value);
		return tag("double", hex(bytes));
	}

	static function members(value:Dynamic, names:Array<String>, above:Array<Dynamic>):Dynamic {
		var object = {};
		for (name in names)
			Reflect.setField(object, name, describe(Reflect.field(value, name), above));
		return object;
	}

	static function copy(from:Dynamic, to:Dynamic) {
		for (name in Reflect.fields(from))
			Reflect.setField(to, name, build(Reflect.field(from, name)));
	}

	static function tag(name:String, content:Dynamic):Dynamic {
		var tagged:Dynamic = {};
		Reflect.setField(tagged, "$" + name, content);
		return tagged;
	}

	/** `undefined` is what an object has where it has nothing. **/
	static function missing():Dynamic {
		var nothing:Dynamic = {};
		return nothing.missing;
	}

	static function bytes(hex:String):ByteArray {
		var bytes = new ByteArray();
		for (index in 0...hex.length >> 1)
			bytes.writeByte(Std.parseInt("0x" + hex.substr(index * 2, 2)));
		bytes.position = 0;
		return bytes;
	}

	static function hex(bytes:ByteArray):String {
		bytes.position = 0;
		return [while (bytes.bytesAvailable > 0) StringTools.hex(bytes.readUnsignedByte(), 2)].join("").toLowerCase();
	}
}
