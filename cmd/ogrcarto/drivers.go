package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/driver"
)

func (p *program) driversCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "drivers [NAME]",
		Short: "List what can be read and written, and with which options",
		Long: `drivers lists the formats: what each is called, what can be done with it, and the extensions of its files.

With a name it lists the driver's options: those for opening a source (--oo), for making a dataset (--dsco) and for
making a layer (--lco).`,
		Example: `  ogrcarto drivers
  ogrcarto drivers GPKG
  ogrcarto drivers "ESRI Shapefile"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%d arguments, want one driver's name at most; quote a name with a blank in it", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return p.driverNames(0), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.listDrivers()
			}
			return p.describeDriver(args[0])
		},
	}
}

// driverNames returns the short names of the drivers that can do what is asked.
func (p *program) driverNames(c driver.Caps) []string {
	var names []string
	for _, d := range p.reg {
		if info := d.Info(); info.Caps.Has(c) {
			names = append(names, info.Name)
		}
	}
	return names
}

// abilities says what a driver can do.
func abilities(c driver.Caps) string {
	var list []string
	for _, a := range []struct {
		cap  driver.Caps
		name string
	}{{driver.CanRead, "read"}, {driver.CanCreate, "write"}, {driver.CanUpdate, "update"}} {
		if c.Has(a.cap) {
			list = append(list, a.name)
		}
	}
	return strings.Join(list, ", ")
}

func (p *program) listDrivers() error {
	var t table
	t.add("NAME", "CAN", "EXTENSIONS", "FORMAT")
	for _, d := range p.reg {
		info := d.Info()
		t.add(info.Name, abilities(info.Caps), strings.Join(info.Extensions, ", "), info.LongName)
	}
	return t.print(p.stdout)
}

func (p *program) describeDriver(name string) error {
	d := p.reg.ByName(name)
	if d == nil {
		return usagef("no driver %q: there are %s", name, strings.Join(p.driverNames(0), ", "))
	}
	info := d.Info()
	b := bufio.NewWriter(p.stdout)
	fmt.Fprintf(b, "%s: %s\n", info.Name, info.LongName)
	fmt.Fprintf(b, "Can: %s\n", abilities(info.Caps))
	if len(info.Extensions) > 0 {
		fmt.Fprintf(b, "Extensions: %s\n", strings.Join(info.Extensions, ", "))
	}
	if len(info.Prefixes) > 0 {
		fmt.Fprintf(b, "Prefixes: %s\n", strings.Join(info.Prefixes, ", "))
	}
	if info.Help != "" {
		fmt.Fprintf(b, "\n%s\n", info.Help)
	}
	for _, group := range []struct {
		title string
		specs []driver.OptionSpec
	}{
		{"Open options (--oo)", info.Open},
		{"Dataset creation options (--dsco)", info.Dataset},
		{"Layer creation options (--lco)", info.Layer},
	} {
		if len(group.specs) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s:\n", group.title)
		var t table
		for _, s := range group.specs {
			takes := s.Type.String()
			switch s.Type {
			case driver.BoolOption:
				takes = "YES|NO"
			case driver.ChoiceOption:
				takes = strings.Join(s.Choices, "|")
			}
			text := s.Doc
			if s.Default != "" {
				text += " (default " + s.Default + ")"
			}
			t.add("  "+s.Name, takes, text)
		}
		if err := t.print(b); err != nil {
			return err
		}
	}
	return b.Flush()
}
