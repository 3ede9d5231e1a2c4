#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""covstat callers, map and watch as processes, as test_covstat.py has the others.

What dot is given is judged by Graphviz itself.
"""

import errno
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree

import tap
from test_covstat import TEXT, Case, heed_signals, ignore_children, load_cases

FUNCTIONS, CALLERS, NEWS = 0x20, 0x50, 0x51     # numbers of the ioctls
GREEN, RED, GREY = "#c8e6c9", "#ffcdd2", "#eeeeee"


class Recorded(Case):
    def setUp(self):
        super().setUp()
        self.put("/proc/kallsyms", "ffffffff81200000 T do_dentry_open\n"
                 "ffffffff81201000 t helper_open\t[other_mod]\n")
        self.attach("--paths")


class Callers(Recorded):
    def test_each_function_has_its_callers_most_calls_first(self):
        lines = self.covstat("callers").stdout.splitlines()
        self.assertEqual([line.split() for line in lines], [
            ["FUNCTION", "CALLS", "FIRST", "LAST", "CALLER"],
            ["toy_checks", "1000", "3", "4", "toy_main+0x5"],
            ["toy_main", "5", "3", "4", "do_dentry_open+0x42"],
            ["2", "-", "-", "helper_open+0x42"],
            ["toy_stops", "2", "4", "4", "toy_main+0x5"]])

    def test_a_function_or_a_pattern(self):
        for glob, functions in (("toy_main", ["toy_main"] * 2), ("toy_[cs]*",
                                ["toy_checks", "toy_stops"]), ("nosuch", [])):
            found = self.json("callers", glob)["callers"]
            self.assertEqual([record["to"]["function"] for record in found], functions)

    def rows(self, *args, **settings):
        """FUNCTION, CALLS and CALLER of the table's rows."""
        table = self.covstat("callers", *args, **settings).stdout.splitlines()
        calls, first, caller = (table[0].index(title) for title in ("CALLS", "FIRST", "CALLER"))
        return [(row[:calls].strip(), int(row[calls:first - 1]), row[caller:])
                for row in table[1:]]

    def test_functions_of_several_modules_are_not_one(self):
        self.covstat("attach", "toy_two", "--paths")
        self.assertEqual(self.rows("toy_main"), [
            ("toy:toy_main", 5, "vmlinux:do_dentry_open+0x42"),
            ("", 2, "other_mod:helper_open+0x42"),
            ("toy_two:toy_main", 5, "vmlinux:do_dentry_open+0x42"),
            ("", 2, "other_mod:helper_open+0x42")])
        self.assertEqual(self.rows("toy_stops"), [
            ("toy:toy_stops", 2, "toy:toy_main+0x5"),
            ("toy_two:toy_stops", 2, "toy_two:toy_main+0x5")])
        self.assertEqual([record["from"]["text"] for record in
                          self.json("callers", "toy_stops")["callers"]],
                         ["toy:toy_main+0x5", "toy_two:toy_main+0x5"])

    def test_functions_of_one_name_are_not_one(self):
        self.assertEqual(self.rows("toy_checks", twins=1), [
            ("toy_checks (.text+0x33)", 2, "toy_main+0x5"),
            ("toy_checks (.text+0x3b)", 1000, "toy_main+0x5")])

    def test_a_checkpoint_is_not_its_function(self):
        self.covstat("checkpoint", "add", "cp", "toy_main")
        self.assertEqual(self.rows("toy_stops"), [
            ("toy_stops", 2, "toy_main+0x5"), ("toy_stops (checkpoint cp)", 2, "toy_main+0x5")])

    def test_a_function_is_found_by_the_name_that_is_printed(self):
        self.covstat("checkpoint", "add", "cp", "toy_main", twins=1)
        self.covstat("attach", "toy_two", "--paths")
        found = {name: calls for name, calls, _ in self.rows() if name}
        self.assertEqual(len(found), 9)
        for name, calls in found.items():
            if "*" not in name:
                self.assertEqual(self.rows(name)[0][:2], (name, calls))
        self.assertEqual({name for name, _, _ in self.rows("toy_two:*") if name},
                         {name for name in found if name.startswith("toy_two:")})
        self.assertEqual(len(self.json("callers", "toy_checks (.text+0x33)")["callers"]), 3)
        # The module may be named where it is no question, too.
        self.covstat("detach", "toy_two")
        self.covstat("checkpoint", "del", "cp")
        self.assertEqual(self.rows("toy:toy_checks (.text+0x3b)"),
                         [("toy_checks (.text+0x3b)", 1000, "toy_main+0x5")])
        self.assertEqual(self.rows("toy:toy_checks", twins=0), self.rows("toy_checks"))
        self.assertEqual(self.json("callers", "other:toy_main")["callers"], [])

    def test_dashes_in_a_modules_name_are_underscores(self):
        self.covstat("attach", "toy_two", "--paths")
        found = self.rows("toy_two:toy_stops")
        self.assertEqual(len(found), 1)
        for pattern in ("toy-two:toy_stops", "t*-two:*_stops", "toy[^a-z]two:*stops",
                        "[[:alpha:]]oy-two:toy_stops"):
            self.assertEqual(self.rows(pattern), found, pattern)
        # Elsewhere they are what they are.
        for pattern in ("toy_two:toy-stops", "toy-stops", "toy[-]two:toy_stops"):
            self.assertEqual(self.json("callers", pattern)["callers"], [], pattern)
        self.covstat("checkpoint", "add", "a-b:c", "toy_main")
        for name in ("toy:toy_stops (checkpoint a-b:c)", "*a-b:c*"):
            self.assertIn("toy:toy_stops (checkpoint a-b:c)", [row[0] for row in self.rows(name)])

    def test_nothing_attached_is_an_error(self):
        self.covstat("detach", "toy")
        for args in ((), ("toy_main",), ("--json",)):
            done = self.covstat("callers", *args, status=1)
            self.assertIn("nothing is attached; run `covstat attach MODULE`", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_json_names_modules(self):
        records = self.json("callers", "toy_main")["callers"]
        self.assertEqual([record["from"]["module"] for record in records],
                         ["vmlinux", "other_mod"])
        self.assertEqual(records[0]["from"]["function_offset"], 0x42)
        self.assertEqual(records[0]["from"]["address"], 0xFFFFFFFF81200042)
        self.assertEqual(records[0]["count"], 5)

    def test_without_symbols_callers_are_addresses(self):
        os.remove(self.path("/proc/kallsyms"))
        self.assertIn("0xffffffff81200042", self.covstat("callers").stdout)
        self.assertIsNone(self.json("callers", "toy_main")["callers"][0]["from"]["function"])

    def test_lost_records_are_told(self):
        self.covstat("detach", "toy")
        self.covstat("attach", "toy", "--paths", "--scope", "tracked")
        self.covstat("run", "--sample", "3", "true")
        lost = "covstat: 12 caller records were lost: load livecov with a larger max_callers\n"
        for args, status in ((("callers",), 0), (("map",), 0), (("map", "--paths"), 0),
                             (("map", "--json"), 0), (("samples",), 0), (("samples", "--json"), 0),
                             (("callers", "--json"), 0), (("watch", "--timeout", "0"), 3)):
            self.assertEqual(self.covstat(*args, status=status, callers_lost=12).stderr, lost)
            self.assertEqual(self.covstat(*args, status=status, callers_lost=0).stderr, "")
        for command in ("callers", "map"):
            self.assertEqual(self.json(command, callers_lost=12)["lost"], 12)
            self.assertEqual(self.json(command, callers_lost=0)["lost"], 0)
        # These pictures are not of records.
        for options in (("--function", "toy_main"), ("--frontier",)):
            self.assertEqual(self.covstat("map", *options, callers_lost=12).stderr, "")
        self.covstat("detach", "toy")
        self.covstat("attach", "toy", "--scope", "tracked")
        self.assertEqual(self.covstat("samples", callers_lost=12).stderr, "")

    def test_without_records_it_says_how_to_get_them(self):
        self.covstat("detach", "toy")
        self.attach()
        self.assertIn("--paths", self.covstat("callers").stdout)
        self.assertIn("--paths", self.covstat("callers", "nosuch").stdout)

    def test_without_records_of_a_function_it_says_that_others_have_some(self):
        text = self.covstat("callers", "nosuch*").stdout
        self.assertIn("no callers of nosuch* were recorded, only of other functions;", text)
        self.assertNotIn("--paths", text)

    def test_failure_is_told(self):
        for command in ("callers", "map"):
            done = self.covstat(command, status=1, fail_nr=CALLERS, fail_errno=errno.ENOMEM)
            self.assertIn("read caller records", done.stderr)
            self.assertEqual(done.stdout, "")
        done = self.covstat("watch", status=1, fail_nr=NEWS, fail_errno=errno.EIO)
        self.assertIn("ask for news", done.stderr)


class Map(Recorded):
    def graph(self, *options):
        """What Graphviz makes of it: fill colours by label, and (label, label) of the edges
        with their own labels."""
        text = self.covstat("map", "--format", "dot", *options).stdout
        nodes, edges = {}, {}
        program = r"""N {printf("N\t%s\t%s\t%s\n", name, label, aget($, "fillcolor"))}
                      E {printf("E\t%s\t%s\t%s\t%s\n", tail.name, head.name,
                                aget($, "label"), aget($, "style"))}"""
        lines = [line.split("\t") for line in self.run_tool(text, "gvpr", program).splitlines()]
        names = {line[1]: line[2].split("\\n")[0] for line in lines if line[0] == "N"}
        for line in lines:
            if line[0] == "N":
                nodes[names[line[1]]] = line[3]
            else:
                edges[names[line[1]], names[line[2]]] = (line[3], line[4])
        return nodes, edges

    def run_tool(self, text, *command):
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), text)
        return done.stdout

    def test_dot_takes_every_map_without_a_word(self):
        for options in ((), ("--paths",), ("--frontier",), ("--function", "toy_main"),
                        ("--frontier", "--function", "toy_checks")):
            text = self.covstat("map", "--format", "dot", *options).stdout
            plain = self.run_tool(text, "dot", "-Tplain").splitlines()
            document = self.json("map", *options)
            self.assertEqual(sum(line.startswith("node ") for line in plain),
                             len(document["nodes"]))
            self.assertEqual(sum(line.startswith("edge ") for line in plain),
                             len(document["edges"]))
            self.assertGreater(len(document["edges"]), 3)

    def test_a_function_has_its_blocks_and_both_sides_of_its_branches(self):
        nodes, edges = self.graph("--function", "toy_main")
        self.assertEqual(len([n for n in nodes.values() if n == GREEN]), 4)
        self.assertEqual(nodes["0x0-0x3"], GREEN)
        self.assertEqual(nodes["0x17-0x1a"], RED)
        self.assertEqual(edges["0x0-0x3", "0xd-0x15"], ("taken 3", "solid"))
        self.assertEqual(edges["0x0-0x3", "0x4-0xc"], ("falls through 4", "solid"))
        self.assertEqual(edges["0xd-0x15", "0x17-0x1a"], ("never taken", "dashed"))
        # The cold part is drawn with it, and what jumps without a condition.
        self.assertEqual(edges["0x4-0xc", "0x0-0xa"], ("never taken", "dashed"))
        self.assertEqual(edges["0x0-0xa", "0x16-0x16"], ("", "dashed"))

    def test_a_name_that_two_modules_have_wants_the_module(self):
        self.covstat("attach", "toy_two", "--paths")
        for options in ((), ("--frontier",)):
            done = self.covstat("map", *options, "--function", "toy_main", status=1)
            self.assertIn("2 functions are called toy_main; give 'toy:toy_main' or "
                          "'toy_two:toy_main'\n", done.stderr)
            done = self.covstat("map", *options, "--function", "other:toy_main", status=1)
            self.assertIn("no function other:toy_main is attached", done.stderr)
            both = [self.json("map", *options, "--function", module + ":toy_main")
                    for module in ("toy", "toy-two")]
            self.assertTrue(both[1]["title"].endswith("toy_two:toy_main"))
            self.assertEqual(len(both[0]["nodes"]), len(both[1]["nodes"]))
            self.assertGreater(len(both[0]["nodes"]), 1)

    def test_functions_of_several_modules_have_their_own_boxes(self):
        one = self.covstat("map", "--frontier", "--format", "dot").stdout
        self.covstat("attach", "toy_two", "--paths")
        two = self.covstat("map", "--frontier", "--format", "dot").stdout
        self.assertEqual(two.count("subgraph"), 2 * one.count("subgraph"))
        self.assertIn('label="toy_two:toy_checks";', two)
        text = self.covstat("map", "--frontier").stdout
        self.assertEqual(re.findall(r"(?m)^(\S+):$", text), [
            "toy:toy_checks", "toy_two:toy_checks", "toy:toy_main", "toy_two:toy_main",
            "toy:toy_main.cold", "toy_two:toy_main.cold"])
        self.assertIn("-> toy_two:toy_main.cold 0x0-0xa", text)
        nodes = self.json("map", "--frontier")["nodes"]
        self.assertEqual({(node["module"], node["function"]) for node in nodes},
                         {(module, function) for module in ("toy", "toy_two")
                          for function in ("toy_checks", "toy_main", "toy_main.cold")})
        _, edges = self.graph()
        self.assertEqual(edges["vmlinux:do_dentry_open", "toy_two:toy_main"][0], "5")
        _, edges = self.graph("--paths")
        self.assertEqual(edges["(start)", "toy_two:toy_main"][0], "2")

    def test_functions_of_one_name_are_told_apart(self):
        _, edges = self.graph()
        self.assertIn(("toy_main", "toy_stops"), edges)
        nodes = self.json("map", "--frontier", "--function", "toy_checks")["nodes"]
        self.assertEqual({node["function_address"] for node in nodes}, {TEXT + 0x3B})
        text = self.covstat("map", twins=1).stdout
        self.assertIn("-> toy_checks (.text+0x33), 1 of 3 blocks  x 2\n", text)
        self.assertIn("-> toy_checks (.text+0x3b), 5 of 8 blocks  x 1000\n", text)
        text = self.covstat("map", "--paths").stdout
        self.assertIn("\ntoy_checks (.text+0x3b):\n  + toy_checks (.text+0x3b)\n", text)

    def test_one_of_several_functions_of_one_name_is_drawn(self):
        for options in ((), ("--frontier",)):
            done = self.covstat("map", *options, "--function", "toy_checks", status=1, twins=1)
            self.assertIn("2 functions are called toy_checks; give 'toy_checks (.text+0x33)' or "
                          "'toy_checks (.text+0x3b)'\n", done.stderr)
        stops, checks = re.findall("'(.*?)'", done.stderr)
        text = self.covstat("map", "--function", stops).stdout
        self.assertTrue(text.startswith(stops + "\n"), text)
        for name, address in ((stops, TEXT + 0x33), (checks, TEXT + 0x3B),
                              ("toy:" + stops, TEXT + 0x33)):
            nodes = self.json("map", "--function", name)["nodes"]
            self.assertEqual({node["function_address"] for node in nodes}, {address})
        nodes = self.json("map", "--frontier", "--function", checks)["nodes"]
        self.assertEqual({node["function_address"] for node in nodes}, {TEXT + 0x3B})
        self.covstat("attach", "toy_two", "--paths")
        self.assertIn("4 functions are called toy_checks; give 'toy:toy_checks (.text+0x33)' or "
                      "'toy:toy_checks (.text+0x3b)' or 'toy_two:toy_checks (.text+0x33)' or ",
                      self.covstat("map", "--function", "toy_checks", status=1).stderr)
        self.assertIn("2 functions are called toy_checks; give 'toy:toy_checks (.text+0x33)' or 't",
                      self.covstat("map", "--function", stops, status=1).stderr)
        self.json("map", "--function", "toy_two:" + stops)

    def test_single_checkpoints_in_functions_of_one_name_are_told_apart(self):
        self.covstat("detach", "toy")
        for name in ("one", "two"):
            self.covstat("checkpoint", "add", name, "toy_main", "--auto", twins=2)
        for options in ((), ("--frontier",)):
            done = self.covstat("map", *options, "--function", "toy_checks", status=1)
            self.assertIn("2 functions are called toy_checks; give 'toy_checks (.text+0x3b)' or "
                          "'toy_checks (.text+0x33)'\n", done.stderr)
        for name, checkpoint, address in (
                ("toy_checks (.text+0x3b)", "one", TEXT + 0x3B),
                ("toy:toy_checks (.text+0x33)", "two", TEXT + 0x33)):
            nodes = self.json("map", "--function", name)["nodes"]
            self.assertEqual({node["function_address"] for node in nodes}, {address})
            text = self.covstat("map", "--function", name).stdout
            self.assertTrue(text.startswith(name + "\n"), text)
            self.assertIn("\n%s (checkpoint %s):\n" % (name.removeprefix("toy:"), checkpoint), text)
        # Functions that both checkpoints are in are no twins.
        self.assertIn("\ntoy_main (checkpoint one):\n",
                      self.covstat("map", "--function", "toy_main").stdout)

    def test_a_place_that_no_function_of_that_name_has(self):
        self.assertGreater(len(self.json("map", "--function", "toy_main (.text+0x0)")["nodes"]), 3)
        for name in ("toy_main (.text+0x1)", "toy_main (.init.text+0x0)", "toy (.text+0x0)"):
            self.assertIn("no function %s is attached" % name,
                          self.covstat("map", "--function", name, status=1).stderr)

    def test_an_unloaded_module_has_the_same_map(self):
        for options in (("--function", "toy_main"), ("--function", "toy_checks"), ("--frontier",)):
            self.assertEqual(self.covstat("map", *options, state=2).stdout,
                             self.covstat("map", *options, state=1).stdout)

    def test_an_older_livecov_does_not_tell_where_blocks_lead(self):
        for command in (("map", "--function", "toy_main"), ("map", "--frontier"), ("next",)):
            self.assertIn("speaks version 1.4 and does not tell where blocks lead; load the ",
                          self.covstat(*command, status=1, old=5).stderr)

    def test_what_is_not_known_is_grey(self):
        nodes, _ = self.graph("--function", "toy_refused")
        self.assertEqual(set(nodes.values()), {GREY})

    def test_text_has_marks_and_names_the_function_of_a_far_side(self):
        text = self.covstat("map", "--function", "toy_main").stdout
        self.assertIn("\ntoy_main:\n  + 0x0-0x3\n      + falls through -> 0x4-0xc  x 4\n", text)
        self.assertIn("- never taken -> toy_main.cold 0x0-0xa\n", text)

    def test_frontier_has_reached_branches_with_an_unhit_side_alone(self):
        nodes, edges = self.graph("--frontier", "--function", "toy_checks")
        self.assertEqual(sorted(edges), [
            ("0x0-0xa", "0x14-0x18"), ("0x0-0xa", "0xb-0xe"),
            ("0xf-0x10", "0x11-0x11"), ("0xf-0x10", "0x13-0x13")])
        self.assertEqual(nodes["0x14-0x18"], RED)
        _, edges = self.graph("--frontier", "--function", "toy_main")
        self.assertEqual(edges["0xd-0x15", "0x17-0x1a"][0], "never taken, 3 blocks")
        self.assertNotIn(("0x0-0x3", "0x4-0xc"), edges)

    def test_frontier_of_a_function_has_that_of_its_cold_parts(self):
        def edges(*options):
            document = self.json("map", "--frontier", *options, cold_checks=1)
            offsets = [(node["function"], node["function_offset"]) for node in document["nodes"]]
            return {(offsets[edge["from"]], offsets[edge["to"]]) for edge in document["edges"]}

        all_of_toy = edges()
        self.assertIn((("toy_checks", 0xF), ("toy_checks", 0x13)), all_of_toy)
        self.assertEqual({edge for edge in all_of_toy
                          if edge[0][0] in ("toy_main", "toy_checks")},
                         edges("--function", "toy_main"))

    def test_calls_are_summed_up_by_function(self):
        nodes, edges = self.graph()
        self.assertEqual(sorted(nodes), ["do_dentry_open", "helper_open", "toy_checks",
                                         "toy_main", "toy_stops"])
        self.assertEqual(edges["toy_main", "toy_checks"][0], "1000")
        self.assertEqual(edges["do_dentry_open", "toy_main"][0], "5")

    def test_a_cold_part_calls_as_its_function(self):
        table = self.covstat("callers", "toy_stops", cold_checks=1).stdout
        self.assertRegex(table, r"(?m)^toy_stops +2 .* toy_checks\+0x5$")
        nodes, edges = self.graph()
        self.assertEqual(sorted(nodes), ["do_dentry_open", "helper_open", "toy_main", "toy_stops"])
        self.assertEqual(edges["toy_main", "toy_stops"][0], "2")
        # Also where that is not drawn: it is not known to have been entered.
        document = self.json("map", cold_checks=3)
        place, = [(node["function"], node["function_address"] - TEXT, node["state"])
                  for node in document["nodes"] if node["function"] not in nodes]
        self.assertEqual(place, ("toy_refused", 0x27, "outside"))

    def test_nodes_and_edges_say_what_they_are(self):
        document = self.json("map", "--function", "toy_main")
        nodes = document["nodes"]
        self.assertEqual({node["kind"] for node in nodes}, {"block"})
        for node in nodes:
            self.assertEqual(node["function_offset"], int(node["label"].split("-")[0], 16))
            self.assertIsNone(node["outcome"])
        sides = {(nodes[edge["from"]]["label"], edge["taken"]): edge for edge in document["edges"]}
        self.assertEqual(sides["0x0-0x3", True]["label"], "taken")
        self.assertEqual(sides["0x0-0x3", False]["label"], "falls through")
        self.assertIsNone(sides["0x0-0xa", None]["first_sample"])
        self.assertEqual((document["paths"], document["lost"]), (None, 0))
        document = self.json("map")
        nodes = document["nodes"]
        self.assertEqual({(node["kind"], node["function_offset"]) for node in nodes},
                         {("function", 0)})
        edges = {(nodes[edge["from"]]["function"], nodes[edge["to"]]["function"]):
                 (edge["taken"], edge["first_sample"]) for edge in document["edges"]}
        self.assertEqual(edges, {
            ("do_dentry_open", "toy_main"): (None, 3), ("helper_open", "toy_main"): (None, 0),
            ("toy_main", "toy_checks"): (None, 3), ("toy_main", "toy_stops"): (None, 4)})
        os.remove(self.path("/proc/kallsyms"))
        self.assertEqual({(node["kind"], node["function_offset"])
                          for node in self.json("map")["nodes"] if not node["function"]},
                         {("caller", None)})

    def test_paths_say_what_they_are_and_how_many(self):
        document = self.json("map", "--paths")
        nodes = document["nodes"]
        self.assertEqual(document["paths"], len(document["edges"]))
        self.assertEqual(
            {node["label"]: (node["kind"], node["function_offset"], node["outcome"])
             for node in nodes},
            {"(start)": ("start", None, None), "toy_main": ("function", 0, None),
             "toy_main+0x2 taken": ("outcome", 2, "taken"),
             "toy_main+0x2 fall-through": ("outcome", 2, "fallthrough"),
             "toy_main+0x14 fall-through": ("outcome", 0x14, "fallthrough"),
             "toy_checks": ("function", 0, None)})
        first = {(nodes[edge["from"]]["label"], nodes[edge["to"]]["label"]): edge["first_sample"]
                 for edge in document["edges"]}
        self.assertEqual(first["toy_main", "toy_main+0x2 taken"], 3)
        self.assertEqual(first["toy_main", "toy_main+0x2 fall-through"], 4)
        self.assertTrue(self.covstat("map", "--paths").stdout.endswith("\n\n6 paths\n"))
        self.assertNotIn(" paths", self.covstat("map").stdout)

    def test_paths_tell_the_outcomes_of_a_branch_apart(self):
        _, edges = self.graph("--paths")
        self.assertEqual(len(edges), 6)
        self.assertEqual(edges["(start)", "toy_main"][0], "2")
        self.assertEqual(edges["toy_main", "toy_main+0x2 taken"][0], "3")
        self.assertEqual(edges["toy_main", "toy_main+0x2 fall-through"][0], "4")

    def test_paths_of_a_checkpoint_in_an_attached_function_are_not_drawn_twice(self):
        document = self.json("map", "--paths")
        self.covstat("checkpoint", "add", "cp", "toy:toy_main", "--auto", "--level", "3")
        self.assertEqual(self.json("map", "--paths"), document)
        # Where they are all there is, they are drawn.
        self.assertEqual(self.json("map", "--paths", "--level", "3")["paths"], 6)
        self.covstat("detach", "toy")
        self.covstat("attach", "toy")
        self.assertEqual(self.json("map", "--paths")["paths"], 6)

    def test_a_sample_has_what_it_covered_and_its_pairs(self):
        self.covstat("detach", "toy")
        self.attach("--paths", "--scope", "tracked")
        self.covstat("run", "--sample", "3", "true")
        document = self.json("map", "--sample", "3")
        self.assertEqual(document["title"], "functions and their callers, sample 3")
        self.assertEqual([n["label"].split("\n")[0] for n in document["nodes"]],
                         ["toy_main", "do_dentry_open"])
        nodes, _ = self.graph("--sample", "3", "--function", "toy_checks")
        self.assertEqual(set(nodes.values()), {RED})
        _, edges = self.graph("--sample", "3", "--paths")
        self.assertNotIn(("toy_main", "toy_main+0x2 fall-through"), edges)
        done = self.covstat("map", "--sample", "99", status=1)
        self.assertIn("there is no sample 99", done.stderr)

    def test_svg_is_a_picture(self):
        file = os.path.join(self.dir, "a picture.svg")
        # Of the preloaded sanitizer's opinion of dot nothing is wanted.
        env = {"ASAN_OPTIONS": "detect_leaks=0"}
        done = self.covstat("map", "--function", "toy_main", "--svg", file, env=env)
        self.assertEqual(done.stdout, "")
        self.assertTrue(xml.etree.ElementTree.parse(file).getroot().tag.endswith("svg"))
        self.covstat("map", "--svg", file, env=env, signals=ignore_children)
        done = self.covstat("map", "--svg", os.path.join(self.dir, "no/such.svg"), status=1,
                            env=env)
        self.assertIn("no/such.svg: No such file or directory", done.stderr)

    def test_svg_can_go_to_the_standard_output(self):
        env = {"ASAN_OPTIONS": "detect_leaks=0"}
        done = self.covstat("map", "--svg", "-", env=env)
        root = xml.etree.ElementTree.fromstring(done.stdout.encode())
        self.assertTrue(root.tag.endswith("svg"))
        self.assertFalse(os.path.exists("-"))

    def test_svg_on_a_full_disk_is_an_error(self):
        env = {"ASAN_OPTIONS": "detect_leaks=0"}
        done = self.covstat("map", "--svg", "/dev/full", status=1, env=env)
        self.assertIn("cannot write /dev/full: No space left on device", done.stderr)
        with open("/dev/full", "w") as full:
            done = self.covstat("map", "--svg", "-", status=1, env=env, stdout=full)
        self.assertIn("No space left on device", done.stderr)

    def test_a_picture_that_dot_does_not_draw_leaves_no_file(self):
        dot, file = os.path.join(self.dir, "dot"), os.path.join(self.dir, "x.svg")
        with open(dot, "w") as script:
            script.write("#!/bin/sh\necho half\nexit 3\n")
        os.chmod(dot, 0o755)
        done = self.covstat("map", "--svg", file, status=1, env={"PATH": self.dir})
        self.assertIn("dot could not draw it", done.stderr)
        self.assertFalse(os.path.exists(file))

    def test_nothing_attached(self):
        self.covstat("detach", "toy")
        for options in ((), ("--frontier",), ("--paths",), ("--json",)):
            done = self.covstat("map", *options, status=1)
            self.assertIn("nothing is attached", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_picture_of_nothing_says_why(self):
        self.covstat("detach", "toy")
        self.attach()
        self.assertIn("no paths were recorded; they are recorded for tracked tasks after `covstat",
                      self.covstat("map", "--paths").stdout)
        document = self.json("map", "--paths")
        self.assertEqual((document["nodes"], document["paths"]), ([], 0))
        # A drawing of nothing is a drawing all the same.
        svg = os.path.join(self.dir, "nothing.svg")
        for options in (("--format", "dot"), ("--svg", svg)):
            done = self.covstat("map", "--paths", *options, env={"ASAN_OPTIONS": "detect_leaks=0"})
            self.assertEqual(done.stderr, "covstat: " + self.covstat("map", "--paths").stdout)
        self.assertTrue(xml.etree.ElementTree.parse(svg).getroot().tag.endswith("svg"))
        self.covstat("detach", "toy")
        self.attach("--scope", "tracked")
        # A sample that has run nothing of toy.
        self.covstat("run", "--sample", "65536", "true")
        self.assertIn("nothing of what is attached has run",
                      self.covstat("map", "--sample", "65536").stdout)
        self.assertIn("no branch that ran has a side that did not",
                      self.covstat("map", "--frontier", "--sample", "65536").stdout)

    def test_functions_are_named_for_programs(self):
        nodes = {node["label"].split("\n")[0]: node for node in self.json("map")["nodes"]}
        found = {label: (node["module"], node["function"], node["function_address"])
                 for label, node in nodes.items()}
        self.assertEqual(found, {
            "toy_main": ("toy", "toy_main", TEXT),
            "toy_stops": ("toy", "toy_stops", TEXT + 0x33),
            "toy_checks": ("toy", "toy_checks", TEXT + 0x3b),
            "do_dentry_open": ("vmlinux", "do_dentry_open", 0xFFFFFFFF81200000),
            "helper_open": ("other_mod", "helper_open", 0xFFFFFFFF81201000)})
        # They are no boxes around themselves.
        self.assertNotIn("subgraph", self.covstat("map", "--format", "dot").stdout)
        self.assertNotIn("\ntoy_main:\n", self.covstat("map").stdout)
        os.remove(self.path("/proc/kallsyms"))
        unknown = [node for node in self.json("map")["nodes"] if node["state"] == "outside"]
        self.assertEqual({(node["module"], node["function"], node["function_address"])
                          for node in unknown}, {(None, "", None)})

    def test_a_checkpoints_function_is_drawn_where_nothing_else_has_it(self):
        self.covstat("checkpoint", "add", "cp", "toy_main", "--auto", "--level", "3", place_only=1)
        alone = self.json("map", "--function", "toy_main")
        self.assertNotIn("checkpoint", self.covstat("map").stdout)
        self.assertNotIn("checkpoint", self.covstat("map", "--function", "toy_main").stdout)
        self.assertNotIn("checkpoint", self.covstat("map", "--frontier").stdout)
        # Of a level, it is; and when what is attached has gone.
        self.covstat("checkpoint", "add", "again", "toy_main", "--auto", "--level", "3")
        for options in (("--level", "3"), ()):
            document = self.json("map", "--function", "toy_main", *options)
            self.assertEqual(len(document["nodes"]), len(alone["nodes"]))
            text = self.covstat("map", *options).stdout
            self.assertEqual("toy_main (checkpoint cp), 4 of 9 blocks\n" in text, bool(options))
            self.assertEqual("(checkpoint cp)" in self.covstat("map", "--frontier",
                                                               *options).stdout, bool(options))
        self.covstat("detach", "toy")
        text = self.covstat("map").stdout
        self.assertNotIn("again", text)
        self.assertIn(". do_dentry_open\n    + -> toy_main (checkpoint cp), 4 of 9 blocks  x 5\n",
                      text)
        self.assertIn("+ -> toy_stops (checkpoint cp), 1 of 3 blocks  x 2\n", text)
        self.assertIn("\ntoy_main (checkpoint cp):\n",
                      self.covstat("map", "--function", "toy:toy_main").stdout)

    def test_a_checkpoint_of_one_place_has_no_blocks_to_draw(self):
        self.covstat("detach", "toy")
        self.covstat("checkpoint", "add", "cp", "toy_main", place_only=1)
        done = self.covstat("map", "--function", "toy_main", status=1)
        self.assertIn("no function toy_main is attached, or watched with --auto", done.stderr)
        self.assertIn("+ toy_main (checkpoint cp)\n", self.covstat("map").stdout)
        self.covstat("checkpoint", "add", "more", "toy_main", "--auto")
        self.assertIn("\ntoy_main (checkpoint more):\n",
                      self.covstat("map", "--function", "toy_main").stdout)

    def test_svg_without_graphviz_says_what_to_install(self):
        done = self.covstat("map", "--svg", "x.svg", status=1, env={"PATH": self.dir})
        self.assertIn("apt install graphviz", done.stderr)

    def test_unknown_function(self):
        for options, words in (
                (("--function", "nosuch"), "no function nosuch"),
                (("--function", "nosuch", "--frontier"), "no function nosuch"),
                (("--function", "toy_main.cold"),
                 "a part of toy_main; use --function 'toy_main'")):
            done = self.covstat("map", *options, status=1)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")


class Watch(Recorded):
    def test_new_pairs_a_line_each(self):
        done = self.covstat("watch", "--new", "--count", "3", new_pairs=3)
        self.assertEqual(done.stdout.splitlines(), [
            "path      toy_main+0x2 fall-through -> toy_main+0x14 fall-through",
            "caller    helper_open+0x42 -> toy_main",
            "caller    toy_main+0x5 -> toy_stops"])

    def test_what_a_checkpoint_shows_of_an_attached_module_is_not_new_again(self):
        process = self.watching("--count", "21", new_pairs=1)
        self.assertIn("caller", process.stdout.readline())
        self.covstat("checkpoint", "add", "cp", "toy:toy_main", "--auto")
        self.covstat("attach", "toy_two")
        lines = process.stdout.readlines()
        self.assertEqual(process.wait(), 0)
        self.assertEqual([line for line in lines if " toy_two:" not in line], [])

    def test_pairs_of_several_modules_have_the_module(self):
        self.covstat("attach", "toy_two", "--paths")
        done = self.covstat("watch", "--count", "2", new_pairs=1)
        self.assertEqual(done.stdout.splitlines(), [
            "caller    toy:toy_main+0x5 -> toy:toy_stops",
            "caller    toy_two:toy_main+0x5 -> toy_two:toy_stops"])

    def test_count_ends_it(self):
        done = self.covstat("watch", "--count", "1", new_pairs=3)
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_each_line_is_a_json_document(self):
        done = self.covstat("watch", "--json", "--count", "3", new_pairs=3)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["new"] for line in lines], ["path", "caller", "caller"])
        self.assertEqual(lines[0]["to"]["taken"], False)
        self.assertEqual(lines[1]["from"]["address_hex"], "0xffffffff81201042")
        self.check_addresses(lines)

    def test_json_of_places_has_their_functions_addresses(self):
        process = self.watching("--json", "--count", "21", new_pairs=1)
        self.assertIn("caller", process.stdout.readline())
        self.covstat("attach", "toy_two")
        lines = [json.loads(line) for line in process.stdout]
        self.assertEqual(process.wait(), 0)
        self.check_addresses(lines)
        self.assertEqual(lines[0]["function_address_hex"], "0xffffffffc0a10000")

    def test_nothing_new_in_time_is_3(self):
        self.assertEqual(self.covstat("watch", "--timeout", "0", status=3).stdout, "")

    def watching(self, *options, signals=heed_signals, **settings):
        process = subprocess.Popen([self.program, "watch", *options], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   env=self.environment(settings), preexec_fn=signals)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process

    def test_nothing_attached_is_said_but_no_error(self):
        self.covstat("detach", "toy")
        done = self.covstat("watch", "--timeout", "0", status=3)
        self.assertIn("nothing is attached, so nothing will be new; run `covstat attach", done.stderr)
        self.attach("--paths")
        self.assertEqual(self.covstat("watch", "--timeout", "0", status=3).stderr, "")

    def test_a_target_that_comes_later_is_new_altogether(self):
        process = self.watching("--count", "21", new_pairs=1)
        # When it has something to say, it has looked at what was there before.
        self.assertIn("caller", process.stdout.readline())
        self.covstat("attach", "toy_two")
        lines = process.stdout.readlines()
        self.assertEqual(process.wait(), 0)
        self.assertIn("function  toy_two:toy_main\n", lines)
        self.assertIn("function  toy_two:toy_checks\n", lines)
        self.assertIn("block     toy_two:toy_main+0x0\n", lines)
        self.assertIn("outcome   toy_two:toy_main+0x2 taken\n", lines)
        self.assertIn("outcome   toy_two:toy_main+0x2 fall-through\n", lines)
        self.assertEqual(len(lines), 20)
        self.assertEqual(len(set(lines)), 20)

    def test_functions_of_one_name_are_told_apart(self):
        process = self.watching("--count", "21", new_pairs=1, twins=1)
        self.assertIn("caller", process.stdout.readline())
        self.covstat("attach", "toy_two")
        lines = process.stdout.readlines()
        self.assertEqual(process.wait(), 0)
        for line in ("function  toy_two:toy_main", "function  toy_two:toy_checks (.text+0x33)",
                     "function  toy_two:toy_checks (.text+0x3b)",
                     "block     toy_two:toy_checks+0x0 (.text+0x33)",
                     "block     toy_two:toy_checks+0x0 (.text+0x3b)",
                     "outcome   toy_two:toy_checks+0xd (.text+0x48) taken"):
            self.assertIn(line + "\n", lines)

    def test_a_full_disk_ends_it(self):
        with open("/dev/full", "w") as full:
            for options in ((), ("--json",)):
                os.remove(os.path.join(self.dir, "kernel"))
                self.attach("--paths")
                done = self.covstat("watch", *options, status=1, stdout=full, new_pairs=2)
                self.assertEqual(done.stderr, "covstat: cannot write the output: "
                                 "No space left on device\n")

    def test_interrupt_ends_it_with_what_was_printed(self):
        process = self.watching(new_pairs=2)
        self.assertIn("caller", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 0)

    def interrupted(self, *options, status, call, after, number=signal.SIGINT):
        """What is printed if a signal comes while a call waits for another one."""
        os.remove(os.path.join(self.dir, "kernel"))
        self.attach("--paths")
        done = self.covstat("watch", *options, status=status, new_pairs=2, fail_nr=call,
                            fail_errno=errno.EINTR, fail_times=1, fail_after=after,
                            fail_signal=number)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def test_interrupt_while_another_call_is_in_the_way_ends_it_all_the_same(self):
        for call in (NEWS, FUNCTIONS):
            for after in (0, 1):
                self.assertEqual(self.interrupted(status=3, call=call, after=after), [])
        self.assertEqual(self.interrupted(status=3, call=CALLERS, after=0), [])
        self.assertEqual(len(self.interrupted(status=0, call=NEWS, after=2)), 2)

    def test_a_signal_that_asks_for_nothing_is_no_end(self):
        for call in (NEWS, FUNCTIONS, CALLERS):
            self.assertEqual(len(self.interrupted("--count", "2", status=0, call=call, after=0,
                                                  number=signal.SIGCONT)), 2)

    def test_a_signal_that_is_ignored_does_not_end_it(self):
        def nohup():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        process = self.watching("--count", "21", signals=nohup, new_pairs=1)
        self.assertIn("caller", process.stdout.readline())
        process.send_signal(signal.SIGHUP)
        self.covstat("attach", "toy_two")
        self.assertEqual(len(process.stdout.readlines()), 20)
        self.assertEqual(process.wait(), 0)


def load_tests(loader, tests, pattern):
    return load_cases(loader, [Callers, Map, Watch])


if __name__ == "__main__":
    tap.main()
