// SPDX-License-Identifier: Apache-2.0
// The core names inputs and figures for files and flags too; what a reader sees is translated here.
#include "ui/scene/curvetext.h"

#include <QCoreApplication>

#include <array>

namespace shardlens {
namespace {

/// For the tool that collects what is to be translated; what the core names beside these stays as it is.
constexpr std::array kNames{
    QT_TRANSLATE_NOOP("CurveNames", "batch"),
    QT_TRANSLATE_NOOP("CurveNames", "sequences per replica"),
    QT_TRANSLATE_NOOP("CurveNames", "concurrency"),
    QT_TRANSLATE_NOOP("CurveNames", "clients"),
    QT_TRANSLATE_NOOP("CurveNames", "arrival rate"),
    QT_TRANSLATE_NOOP("CurveNames", "requests/s"),
    QT_TRANSLATE_NOOP("CurveNames", "input length"),
    QT_TRANSLATE_NOOP("CurveNames", "tokens"),
    QT_TRANSLATE_NOOP("CurveNames", "output length"),
    QT_TRANSLATE_NOOP("CurveNames", "context"),
    QT_TRANSLATE_NOOP("CurveNames", "devices"),
    QT_TRANSLATE_NOOP("CurveNames", "replicas follow"),
    QT_TRANSLATE_NOOP("CurveNames", "TP"),
    QT_TRANSLATE_NOOP("CurveNames", "PP"),
    QT_TRANSLATE_NOOP("CurveNames", "DP"),
    QT_TRANSLATE_NOOP("CurveNames", "replicas"),
    QT_TRANSLATE_NOOP("CurveNames", "EP"),
    QT_TRANSLATE_NOOP("CurveNames", "SP"),
    QT_TRANSLATE_NOOP("CurveNames", "attention DP"),
    QT_TRANSLATE_NOOP("CurveNames", "prefill microbatches"),
    QT_TRANSLATE_NOOP("CurveNames", "decode microbatches"),
    QT_TRANSLATE_NOOP("CurveNames", "chunks"),
    QT_TRANSLATE_NOOP("CurveNames", "of each prompt"),
    QT_TRANSLATE_NOOP("CurveNames", "token budget"),
    QT_TRANSLATE_NOOP("CurveNames", "tokens of a step"),
    QT_TRANSLATE_NOOP("CurveNames", "most sequences"),
    QT_TRANSLATE_NOOP("CurveNames", "at once"),
    QT_TRANSLATE_NOOP("CurveNames", "prefix cache hits"),
    QT_TRANSLATE_NOOP("CurveNames", "% of each prompt"),
    QT_TRANSLATE_NOOP("CurveNames", "draft tokens"),
    QT_TRANSLATE_NOOP("CurveNames", "for each step"),
    QT_TRANSLATE_NOOP("CurveNames", "acceptance"),
    QT_TRANSLATE_NOOP("CurveNames", "% of drafts"),
    QT_TRANSLATE_NOOP("CurveNames", "overlap"),
    QT_TRANSLATE_NOOP("CurveNames", "% of each collective"),
    QT_TRANSLATE_NOOP("CurveNames", "HBM bandwidth"),
    QT_TRANSLATE_NOOP("CurveNames", "GB/s"),
    QT_TRANSLATE_NOOP("CurveNames", "HBM capacity"),
    QT_TRANSLATE_NOOP("CurveNames", "GiB"),
    QT_TRANSLATE_NOOP("CurveNames", "peak compute"),
    QT_TRANSLATE_NOOP("CurveNames", "TFLOP/s"),
    QT_TRANSLATE_NOOP("CurveNames", "inner link bandwidth"),
    QT_TRANSLATE_NOOP("CurveNames", "outer link bandwidth"),
    QT_TRANSLATE_NOOP("CurveNames", "price"),
    QT_TRANSLATE_NOOP("CurveNames", "USD per device-hour"),
    QT_TRANSLATE_NOOP("CurveNames", "TPOT"),
    QT_TRANSLATE_NOOP("CurveNames", "TTFT"),
    QT_TRANSLATE_NOOP("CurveNames", "End to end"),
    QT_TRANSLATE_NOOP("CurveNames", "Tokens/s per device"),
    QT_TRANSLATE_NOOP("CurveNames", "Tokens/s per user"),
    QT_TRANSLATE_NOOP("CurveNames", "USD per Mtok"),
    QT_TRANSLATE_NOOP("CurveNames", "Free memory"),
};

QString translated(std::string_view name)
{
    for (const char* known : kNames)
        if (name == known)
            return QCoreApplication::translate("CurveNames", known);
    return qs(name);
}

} // namespace

QString inputName(CurveInput input)
{
    return translated(infoOf(input).name);
}

QString inputUnit(CurveInput input)
{
    return translated(infoOf(input).unit);
}

QString figureName(CurveFigure figure)
{
    return translated(infoOf(figure).name);
}

} // namespace shardlens
