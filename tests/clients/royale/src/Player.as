package {
/** The class that goes both ways. */
[RemoteClass(alias="com.example.Player")]
public class Player {
    public var name:String;
    public var level:int;
    public var friend:Player;
    public var joined:Date;
}
}
