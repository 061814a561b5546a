#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the bundled fonts from the distribution's; run by hand when a symbol is missing, never by the build.

Needs (Debian 12): python3-fonttools, fonts-inter, fonts-jetbrains-mono.
Run with the system's Python:  /usr/bin/python3 resources/fonts/make_fonts.py

What it changes, and why:
- Subset to Latin and the symbols that the program writes: 12 MB of families become 290 kB in the program.
- "ShardLens Sans" (from Inter): digits are the tabular glyphs of Inter's own `tnum` feature by default. QFont can switch OpenType features
  only from Qt 6.7 on, and readouts must not jump while a slider moves.
- Small triangles, which Inter lacks, are its own larger ones at 62 %.
- Renamed, so that neither a system copy of the originals nor their reserved names are touched. The licence stays OFL 1.1.
"""
import os
import sys

from fontTools import subset
from fontTools.misc.transform import Transform
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

HERE = os.path.dirname(os.path.abspath(__file__))
INTER = "/usr/share/fonts/opentype/inter/Inter-%s.otf"
MONO = "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-%s.ttf"

LATIN = list(range(0x20, 0x7F)) + list(range(0xA0, 0x180)) + [0x0218, 0x0219, 0x021A, 0x021B, 0x1E9E]
GREEK = [0x0394, 0x03A3, 0x03A9] + list(range(0x03B1, 0x03CA))
SYMBOLS = [ord(c) for c in "–—‘’“”‚„†‡•…‰′″‹›€←↑→↓↔↕⇧⌘⌥⌃⏎⎋√∞∫≈≠≤≥∂∏∑−∕·∙×÷±◊△▲▶▷▼▽◀◁◆◇■□●○✓✗⚠⌊⌋⌈⌉∈⊥∥"]
SPACES = [0x2002, 0x2003, 0x2007, 0x2008, 0x2009, 0x200A, 0x200B, 0x202F]
RAISED = list(range(0x2070, 0x2095))
DIGITS = "0123456789"
SMALL = {0x25B8: 0x25B6, 0x25BE: 0x25BC, 0x25B4: 0x25B2, 0x25C2: 0x25C0}


def tabular_map(font):
    """Glyph -> tabular glyph, from the font's own tnum feature."""
    gsub = font["GSUB"].table
    result = {}
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for table in gsub.LookupList.Lookup[index].SubTable:
                table = getattr(table, "ExtSubTable", table)
                result.update(getattr(table, "mapping", {}))
    return result


def use_tabular_digits(font):
    mapping = tabular_map(font)
    digits = 0
    for table in font["cmap"].tables:
        if not table.isUnicode():
            continue
        for char in DIGITS:
            glyph = table.cmap.get(ord(char))
            if glyph in mapping:
                table.cmap[ord(char)] = mapping[glyph]
                digits += 1
    if digits == 0:
        sys.exit("the font has no tabular digits")
    # The semibold four is 3 units narrower than its nine siblings.
    cmap = font.getBestCmap()
    metrics = font["hmtx"]
    width = max(metrics[cmap[ord(char)]][0] for char in DIGITS)
    for char in DIGITS:
        metrics[cmap[ord(char)]] = (width, metrics[cmap[ord(char)]][1])


def add_small_triangles(font):
    cff = font["CFF "].cff
    top = cff.topDictIndex[0]
    glyphs = font.getGlyphSet()
    cmap = font.getBestCmap()
    scale = 0.62
    for small, big in SMALL.items():
        if small in cmap or big not in cmap:
            continue
        source = cmap[big]
        bounds = BoundsPen(glyphs)
        glyphs[source].draw(bounds)
        x0, y0, x1, y1 = bounds.bounds
        width = font["hmtx"][source][0]
        new_width = round(width * scale + 120)
        # Centred on the x-height, as arrows beside words are.
        centre = font["OS/2"].sxHeight / 2
        move = Transform().translate(new_width / 2, centre).scale(scale).translate(-(x0 + x1) / 2, -(y0 + y1) / 2)
        pen = T2CharStringPen(new_width, glyphs)
        glyphs[source].draw(TransformPen(pen, move))
        name = "uni%04X" % small
        charstring = pen.getCharString(top.Private if hasattr(top, "Private") else None, cff.GlobalSubrs)
        strings = top.CharStrings
        strings.charStringsIndex.append(charstring)
        strings.charStrings[name] = len(strings.charStringsIndex) - 1
        top.charset.append(name)
        font.setGlyphOrder(top.charset)
        font["hmtx"][name] = (new_width, 0)
        font["maxp"].numGlyphs = len(top.charset)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[small] = name


def rename(font, family, style, weight):
    """Family per weight class, as Qt and fontconfig group them: one typographic family."""
    names = font["name"]
    keep = {0: None, 13: None, 14: None}
    for record in names.names:
        if record.nameID in keep and record.platformID == 3:
            keep[record.nameID] = str(record)
    origin = str(next(r for r in names.names if r.nameID == 4 and r.platformID == 3))
    names.names = []
    plain = style in ("Regular", "Bold")

    def put(name_id, text):
        if text:
            names.setName(text, name_id, 3, 1, 0x409)

    put(0, keep[0])
    put(1, family if plain else family + " " + style)
    put(2, style if plain else "Regular")
    put(3, "ShardLens:%s %s" % (family, style))
    put(4, "%s %s" % (family, style))
    put(5, "Version 1.000")
    put(6, (family + "-" + style).replace(" ", ""))
    put(10, "Subset of %s with tabular digits, made for ShardLens" % origin)
    put(13, keep[13])
    put(14, keep[14])
    if not plain:
        put(16, family)
        put(17, style)
    font["OS/2"].usWeightClass = weight
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [(family + "-" + style).replace(" ", "")]
        top = cff.topDictIndex[0]
        top.FamilyName = family
        top.FullName = "%s %s" % (family, style)
        top.Weight = style


def make(source, target, family, style, weight, tabular):
    font = TTFont(source)
    if tabular:
        use_tabular_digits(font)
        add_small_triangles(font)
    options = subset.Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl"]
    options.hinting = True
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.desubroutinize = True
    wanted = LATIN + GREEK + SYMBOLS + SPACES + RAISED + list(SMALL)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted)
    worker.subset(font)
    rename(font, family, style, weight)
    font["head"].modified = font["head"].created  # the same bytes on every run
    font.recalcTimestamp = False
    path = os.path.join(HERE, target)
    font.save(path)
    print("%s: %d bytes, %d characters" % (target, os.path.getsize(path), len(font.getBestCmap())))


def main():
    for style, weight in (("Regular", 400), ("Medium", 500), ("SemiBold", 600)):
        make(INTER % style, "ShardLensSans-%s.otf" % style, "ShardLens Sans", style, weight, True)
    for style, weight in (("Regular", 400), ("Bold", 700)):
        make(MONO % style, "ShardLensMono-%s.ttf" % style, "ShardLens Mono", style, weight, False)


if __name__ == "__main__":
    main()
