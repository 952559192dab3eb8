# Where each of the paper's equations lives and what proves it, as comments say.
# usage: awk -f equations.awk equations.txt SOURCES... tests/TESTS...
#
# In the sources "eq. (20)" or "equations (3) and (4)" in a comment above a declaration, behind that of a
# member, or behind the name that begins an entry of a table, makes it a home of the equation; in the tests, above a TEST_CASE, its proof. Other comments do
# without the word: "(20)". The numbers of other papers' equations have no parentheses.
#
# Prints the rows of a table; or lines "failed: ..." and exits 1: for an equation without home or proof, and
# for a comment that names one but stands elsewhere.

# Marks in `found` what the text names: "eq. (5), (7) and (9) to (11)".
function find_equations(text, found,   n, first, any) {
  while (match(text, /(eq\.|[Ee]quations?) \([0-9]+\)/)) {
    text = substr(text, RSTART)
    sub(/^[^(]*/, "", text)
    while (match(text, /^(, and|,| and| to)? ?\([0-9]+\)/)) {
      n = substr(text, RSTART, RLENGTH)
      first = n ~ /^ to/ ? last + 1 : 0
      gsub(/[^0-9]/, "", n)
      last = n + 0
      if (!first) first = last
      for (n = first; n <= last; ++n) found[n] = any = 1
      text = substr(text, RSTART + RLENGTH)
    }
  }
  return any
}

# The name that a line declares, or nothing.
function declared(line) {
  while (sub(/<[^<>]*>/, "", line)) {}
  sub(/^ *template */, "", line)
  if (match(line, /^ *(enum class|struct|class) [A-Za-z0-9_]+/)) {
    line = substr(line, RSTART, RLENGTH)
  } else {
    if (!match(line, /[(=;{,]/)) return ""
    line = substr(line, 1, RSTART - 1)
  }
  sub(/(\[[^\]]*\])? *$/, "", line)
  return match(line, /[A-Za-z_][A-Za-z0-9_:]*$/) ? substr(line, RSTART) : ""
}

function link(file) {
  return "[`" file "`](" file ")"
}

function note(list, found, file, what,   n) {
  for (n in found) {
    if (!(n in formula)) { fail(file, "there is no equation (" n ")"); continue }
    if (list[n] == "") list[n] = link(file) " " what
    else if (last_file[n] == file) list[n] = list[n] ", " what
    else list[n] = list[n] "<br>" link(file) " " what
    last_file[n] = file
  }
}

function fail(file, why) {
  print "failed: " file ": " why
  failures = 1
}

function misplaced(   n, all) {
  for (n in named) all = all " (" n ")"
  if (all != "") fail(FILENAME, "a comment names equation" all " and stands above no declaration or test")
  split("", named)
  doc = ""
}

FNR == NR {
  formula[$1 + 0] = substr($0, length($1) + 2)
  if ($1 > most) most = $1 + 0
  next
}
FNR == 1 {
  scope = table = doc = ""
  is_test = FILENAME ~ /^tests\//
}
/^ *\/\// {
  text = $0
  sub(/^ *\/\/+/, "", text)
  depth = match($0, /\//) - 1
  doc = doc text
  next
}
{
  split("", named)
  if (doc != "" && find_equations(doc, named)) {
    if (is_test && (/^TEST_CASE/ || in_test_name)) {
      in_test_name = 1
      if (!match($0, /".*"/)) next  # the name stands on the next line
      note(proofs, named, FILENAME, substr($0, RSTART, RLENGTH))
    } else if (is_test || (name = declared($0)) == "") {
      if (!is_test && /^ *template/) next
      misplaced()
    } else if (depth > (scope == "" ? 0 : 2)) {
      misplaced()
    } else {
      note(homes, named, FILENAME, "`" (depth > 0 ? scope "::" : "") name "`")
    }
  }
  in_test_name = 0
  doc = ""
  split("", named)
  if ((at = index($0, "//")) && find_equations(substr($0, at), named)) {
    code = substr($0, 1, at - 1)
    name = scope == "" || code !~ /^  [^ ]/ || code ~ /\(/ ? "" : declared(code)
    if (is_test) misplaced()
    else if (table != "" && match(code, /^ +{"[a-z0-9_]+"/)) {
      sub(/^ +{/, "", code)
      note(homes, named, FILENAME, "`" table "` " substr(code, 1, index(code, ",") - 1))
    } else if (name == "") misplaced()
    else note(homes, named, FILENAME, "`" scope "::" name "`")
  }
  split("", named)
  if (/^(template .*)?(enum class|struct|class) [A-Za-z0-9_]+[^;]*$/) scope = declared($0)
  if (/^[^ ].*\[\] = {/) table = declared($0)
  if (/^}/) scope = table = ""
}
END {
  for (n = 1; n <= most; ++n) {
    if (!(n in homes)) fail("equation (" n ")", "no declaration says that it is computed there")
    if (!(n in proofs)) fail("equation (" n ")", "no test says that it proves it")
  }
  if (failures) exit 1
  print "| Eq. | is | lives in | is proved by |\n| ---: | --- | --- | --- |"
  for (n = 1; n <= most; ++n) print "| (" n ") | " formula[n] " | " homes[n] " | " proofs[n] " |"
}
