# Who stands on whom, as the table in tests/lint_includes.cmake has it: its lines set(NAME WORDS...).
# usage: awk -v wanted=list|diagram|table -v folders="FOLDERS..." -f floors.awk lint_includes.cmake
#
# A row above_NAME takes floors out again that a folder in may_NAME would bring.
# `folders` are those of the sources: the table's names cannot be taken apart again, engine/core being
# may_engine_core there. "fused" are the files dmf/fused_loss.*, "apps" the programs.

# Takes in what a word of a floor's row allows: a folder, all floors inside it, or a single header.
function allow(floor, word,   i, found) {
  for (i = 1; i <= count; ++i) {
    # Of apps a row allows single floors, elsewhere a folder with all that it holds.
    if (floors[i] == word || (word !~ /^apps\// && index(floors[i], word "/") == 1)) {
      found = 1
      if (floors[i] != floor) may[floor, floors[i]] = on[floor, floors[i]] = 1
    }
  }
  if (found) return
  headers[floor] = headers[floor] ", `" word "`"
  sub(/\/[^\/]*$/, "", word)
  on[floor, word] = 1
}

# Whether a stands on b by itself, not only through another.
function directly(a, b,   i) {
  if (!((a, b) in on)) return 0
  for (i = 1; i <= count; ++i) if ((a, floors[i]) in on && (floors[i], b) in on) return 0
  return 1
}

# Whether a may include what it stands on by itself, all that this may include, and nothing else.
function is_closed(a,   b, c, reached) {
  for (b = 1; b <= count; ++b) {
    if (!directly(a, floors[b])) continue
    reached[floors[b]] = 1
    for (c = 1; c <= count; ++c) if ((floors[b], floors[c]) in may) reached[floors[c]] = 1
  }
  for (b = 1; b <= count; ++b) if ((floors[b] in reached) != ((a, floors[b]) in may)) return 0
  return headers[a] == ""
}

function row_text(a,   b, row, engine, of_engine) {
  if (is_closed(a)) {
    for (b = 1; b <= count; ++b) if (directly(a, floors[b])) row = row ", " floors[b]
    return row == "" ? "nothing" : substr(row, 3) ", and what " (split(row, word, /, /) > 2 ? "these" : "this") " may"
  }
  for (b = 1; b <= count; ++b) {
    of_engine += floors[b] ~ /^engine\//
    engine += floors[b] ~ /^engine\// && (a, floors[b]) in may
  }
  if (engine == of_engine) row = ", all of engine"
  for (b = 1; b <= count; ++b) {
    if ((a, floors[b]) in may && (engine < of_engine || floors[b] !~ /^engine\//)) row = row ", " floors[b]
  }
  return substr(row headers[a], 3)
}

function node(floor) {
  gsub(/[^a-z]/, "_", floor)
  return floor
}

/^set\(/ {
  line = $0
  sub(/ *#.*/, "", line)
  if (line !~ /\)$/) { print "failed: the table has a line that goes on: " $0; exit failed = 1 }
  sub(/^set\(/, "", line)
  sub(/\)$/, "", line)
  words = split(line, word, / +/)
  value[word[1]] = ""
  for (i = 2; i <= words; ++i) {
    if (word[i] ~ /^\${.*}$/) word[i] = value[substr(word[i], 3, length(word[i]) - 3)]
    value[word[1]] = value[word[1]] word[i] " "
  }
  if (word[1] ~ /^may_/) rows[++row_count] = substr(word[1], 5)
}

END {
  if (failed) exit 1
  words = split(folders, word, " ")
  for (i = 1; i <= words; ++i) {
    name = word[i]
    gsub(/\//, "_", name)
    folder_of[name] = word[i]
  }
  folder_of["fused"] = "dmf/fused_loss"
  for (r = 1; r <= row_count; ++r) {
    if (rows[r] == "apps" || rows[r] == "tests") continue
    if (!(rows[r] in folder_of)) { print "failed: the table has a row for " rows[r] ", which is no folder"; exit 1 }
    floors[++count] = folder_of[rows[r]]
    row_of[folder_of[rows[r]]] = rows[r]
  }
  for (f = 1; f <= count; ++f) {
    words = split(value["may_" row_of[floors[f]]], word, / +/)
    for (i = 1; i <= words; ++i) {
      if (word[i] != "" && word[i] != floors[f]) allow(floors[f], word[i])
    }
    words = split(value["above_" row_of[floors[f]]], word, / +/)
    for (i = 1; i <= words; ++i) delete may[floors[f], word[i]]
    for (i = 1; i <= words; ++i) delete on[floors[f], word[i]]
  }
  if (wanted == "list") {
    for (f = 1; f <= count; ++f) print floors[f]
  } else if (wanted == "diagram") {
    print "```mermaid\nflowchart TB"
    for (f = 1; f <= count; ++f) print "  " node(floors[f]) "[\"" floors[f] "\"]"
    for (f = 1; f <= count; ++f) {
      for (i = 1; i <= count; ++i) if (directly(floors[f], floors[i])) print "  " node(floors[f]) " --> " node(floors[i])
    }
    print "```"
  } else {
    print "| Folder | may include, beside its own |\n| --- | --- |"
    for (f = 1; f <= count; ++f) print "| `" floors[f] "` | " row_text(floors[f]) " |"
  }
}
