// Package walview shows a SQLite database in WAL mode as at its last commit, without locking or writing anything: for one
// with a -wal file beside it in a folder that cannot be written, where SQLite, which needs a -shm file, may not open it.
//
//	v, err := walview.Open(db, dbSize, wal, walSize)
//	name, vfs, err := vfs.New(v.FS("x.db"))         // modernc.org/sqlite/vfs
//	conn, err := sql.Open("sqlite", "file:x.db?mode=ro&vfs="+name)
//
// Nothing keeps another process from writing meanwhile, but reading then ends with ErrChanged: a checkpoint may have
// brought pages of a later commit to the database.
//
// Memory: about 16 bytes for each page in the log.
//
// Section numbers in comments refer to "Database File Format", https://www.sqlite.org/fileformat2.html.
package walview
