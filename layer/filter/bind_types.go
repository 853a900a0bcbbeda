package filter

import "github.com/ogrcarto/ogrcarto/feature"

// alike makes the operands of a comparison, of IN or COALESCE comparable, in place: all become of one type, but that Ints
// and Floats stay what they are. A NULL takes the type of the others. A text in quotes becomes the date or time that the
// others are, a date a date-time where there is one; 0 and 1 become booleans, or booleans integers where there are others
// than 0 and 1. where is what to point at if they do not go together.
func alike(where *Expr, list []*Node) error {
	if err := readMoments(where, list); err != nil {
		return err
	}
	has := typesOf(list)
	if has[Date] && has[DateTime] {
		convertAll(list, Date, DateTime)
	}
	if has[Bool] && has[Int] {
		if to := boolsOf(list); to != nil {
			copy(list, to)
		} else {
			convertAll(list, Bool, Int)
		}
	}
	var first *Node
	for _, n := range list {
		switch {
		case n.Type == Null:
		case first == nil:
			first = n
		case n.Type == first.Type && n.Type != Geometry && n.Type != Opaque:
		case n.Type == Int && first.Type == Float, n.Type == Float && first.Type == Int:
		default:
			return clash(where, first, n)
		}
	}
	if first == nil {
		return nil
	}
	for i, n := range list {
		if n.Type == Null {
			list[i] = nullLiteral(first.Type)
		}
	}
	return nil
}

func typesOf(list []*Node) (has [Opaque + 1]bool) {
	for _, n := range list {
		has[n.Type] = true
	}
	return has
}

func convertAll(list []*Node, from, to Type) {
	for i, n := range list {
		if n.Type == from {
			list[i] = convert(n, to)
		}
	}
}

// boolsOf returns the list with 0 and 1 as booleans, or nil where another integer is in it.
func boolsOf(list []*Node) []*Node {
	out := make([]*Node, len(list))
	for i, n := range list {
		if out[i] = n; n.Type != Int {
			continue
		}
		switch {
		case n.IsNullLiteral():
			out[i] = nullLiteral(Bool)
		case n.Op == Literal && (n.Value.Int() == 0 || n.Value.Int() == 1):
			out[i] = constant(Bool, feature.Bool(n.Value.Int() == 1))
		default:
			return nil
		}
	}
	return out
}

// readMoments reads the texts in quotes among dates or times.
func readMoments(where *Expr, list []*Node) error {
	has := typesOf(list)
	if !has[Text] || !has[Date] && !has[Time] && !has[DateTime] {
		return nil
	}
	for i, n := range list {
		if n.Type != Text {
			continue
		}
		if n.Op != Literal {
			continue // which does not go together with the others
		}
		if n.Value.IsNull() {
			list[i] = nullLiteral(Null)
			continue
		}
		text := n.Value.Text()
		types := []Type{DateTime}
		switch {
		case has[Time]:
			types = []Type{Time}
		case has[Date]:
			types = []Type{Date, DateTime}
		}
		var v feature.Value
		ok := false
		for _, t := range types {
			if v, ok = parseMoment(momentNames[t], text); ok {
				list[i] = constant(t, v)
				break
			}
		}
		if !ok {
			what := types[0]
			return errorAt(where, "'%s' is compared with a %s and is not one such as %s", text, what, momentExamples[momentNames[what]])
		}
	}
	return nil
}

var momentNames = map[Type]string{Date: "DATE", Time: "TIME", DateTime: "TIMESTAMP"}

// clash is the error for types that do not go together.
func clash(where *Expr, x, y *Node) error {
	hint := ""
	for _, t := range [2][2]Type{{x.Type, y.Type}, {y.Type, x.Type}} {
		switch {
		case t[0] == Geometry:
			hint = "; geometries are compared by ST_Intersects and the like"
		case t[0] == Text && (t[1] == Int || t[1] == Float):
			hint = "; numbers stand without quotes, and CAST turns one into the other"
		}
	}
	return errorAt(where, "%s cannot be compared with %s%s", x.Type, y.Type, hint)
}
