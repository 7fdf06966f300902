-- A register as the schema's first version left it.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1936679787;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lab TEXT NOT NULL,
    dni TEXT NOT NULL,
    name BLOB NOT NULL,
    ip TEXT NOT NULL,
    port INTEGER NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    code TEXT
) STRICT;
CREATE INDEX attempts_of_a_dni ON attempts (dni, at);
CREATE TABLE submissions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    lab TEXT NOT NULL,
    dni TEXT NOT NULL,
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    UNIQUE (lab, dni)
) STRICT;
CREATE TABLE used (
    student BLOB NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (student, step)
) STRICT;
INSERT INTO meta VALUES ('register-key', x'0707070707070707070707070707070707070707070707070707070707070707');
INSERT INTO attempts VALUES (1, 'lab', '12345678', x'416e61', '127.0.0.1', 4000, 1700000000000000, 'accepted', '517166');
INSERT INTO submissions VALUES (1, 'lab', '12345678', 1);
INSERT INTO used VALUES (x'f6681823fe02a14f3877a195f15707a1fd1e1386c8e439dfb0fdce835e5ea0f4', 56666666);
