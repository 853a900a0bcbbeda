// Package btree fills empty tables of a SQLite database by making the pages of their b-trees directly, several times
// faster than INSERT does, and reads tables from theirs, several times faster than SELECT: see Reader.
//
// The SQL engine makes the schema, so that every table is an empty leaf page, and closes the file. Then rows are appended
// in the order of their rowids:
//
//	f, err := btree.Open(file)      // an *os.File, open for reading and writing
//	t, err := f.Tree(rootpage)      // sqlite_schema.rootpage of the table
//	var r btree.Record
//	for ... {
//		r.Reset()
//		r.Null()                    // the INTEGER PRIMARY KEY column: its value is the rowid
//		r.Text(name)
//		err = t.Append(rowid, r.Bytes())
//	}
//	err = t.Finish()
//	err = f.Commit()
//
// Pages are appended at the end of the file, in large writes, and the database does not refer to them before Commit: it
// replaces the root pages and then the header. A file that is abandoned before Commit is the database that it was, only
// longer. Commit does not sync the file: whoever needs that does it after Commit.
//
// Only tables with a rowid can be filled, and nothing but the table is filled: no index, no trigger, no sqlite_sequence,
// no constraint is looked at. While a File is open no other connection may write the database.
//
// Memory: a write buffer for the File, one page per level for each Tree, one page for each finished Tree.
//
// Section numbers in comments refer to "Database File Format", https://www.sqlite.org/fileformat2.html.
package btree
