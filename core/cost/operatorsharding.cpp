// SPDX-License-Identifier: Apache-2.0
#include "core/cost/operatorsharding.h"

#include "core/collective/shardedmatmul.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace shardlens {

Collective OperatorSharding::collective() const
{
    for (const std::vector<ShardStep>* steps : {&before, &after})
        for (const ShardStep& step : *steps)
            if (const Collective collective = collectiveOf(step.kind); collective != Collective::None)
                return collective;
    return Collective::None;
}

namespace {

using Axes = std::vector<int>;

class Deriver {
public:
    Deriver(const OperatorCost& op, const Plan& plan) : m_op(op), m_plan(plan) {}

    OperatorSharding derive()
    {
        switch (m_op.op) {
        case Op::Dispatch:
        case Op::ExpertUp:
        case Op::ExpertDown:
        case Op::Combine: experts(); break;
        default: dense(); break;
        }
        return std::move(m_out);
    }

private:
    const OperatorCost& m_op;
    const Plan& m_plan;
    OperatorSharding m_out;
    Axes m_inner; ///< TP, or expert TP; empty when it is 1
    Axes m_outer; ///< SP, or EP

    static std::int64_t positive(std::int64_t n) { return std::max<std::int64_t>(n, 1); }
    /// Rows, as if they divided among all devices: what moves is decided for steps of any size, not for one whose last share is padded.
    [[nodiscard]] std::int64_t m() const { return ceilDiv(positive(m_op.local.m), m_out.mesh.devices()) * m_out.mesh.devices(); }
    [[nodiscard]] std::int64_t k() const { return positive(m_op.global.k); }
    [[nodiscard]] std::int64_t n() const { return positive(m_op.global.n); }

    void axes(const char* inner, std::int64_t innerSize, const char* outer, std::int64_t outerSize)
    {
        Result<Mesh> mesh = Mesh::make({{inner, innerSize}, {outer, outerSize}});
        if (!mesh.ok())
            return; // of no legal plan: nothing is split
        m_out.mesh = std::move(mesh).value();
        m_inner = innerSize > 1 ? Axes{0} : Axes{};
        m_outer = outerSize > 1 ? Axes{1} : Axes{};
    }

    void product(ShardedArray left, ShardedArray right, std::vector<std::string> dims, const char* name)
    {
        m_out.left = std::move(left);
        m_out.right = std::move(right);
        // The operands below are legal by construction; a mistake there is caught by the test of all operators.
        if (Result<ShardedArray> result = contract(m_out.mesh, m_out.left, *m_out.right, std::move(dims), name); result.ok())
            m_out.result = std::move(result).value();
    }

    void alone(const char* verb, ShardedArray array)
    {
        m_out.verb = verb;
        m_out.left = m_out.result = std::move(array);
    }

    void then(const ShardedArray& target)
    {
        if (m_op.collective == Collective::None)
            return; // carried on, or nothing to do
        if (Result<std::vector<ShardStep>> steps = reshard(m_out.mesh, m_out.result, target); steps.ok())
            m_out.after = std::move(steps).value();
    }

    /// Partial sums become whole, or with sharded norms (Megatron) each TP rank's share of the tokens.
    void reduce()
    {
        ShardedArray target = m_out.result;
        if (m_op.collective == Collective::ReduceScatter)
            target.dims.front().axes = target.unreduced;
        target.unreduced.clear();
        then(target);
    }

    /// The input, gathered first where norms left each TP rank a share of the tokens.
    ShardedArray input(const char* name, const char* dim)
    {
        ShardedArray x{name, {{"T", m(), {}}, {dim, k(), {}}}, {}};
        if (m_op.collective == Collective::AllGather && !m_inner.empty()) {
            ShardedArray share = x;
            share.dims[0].axes = m_inner;
            if (Result<std::vector<ShardStep>> steps = reshard(m_out.mesh, share, x); steps.ok())
                m_out.before = std::move(steps).value();
        }
        return x;
    }

    /// x[T, D] . W[D, F_TP] -> y[T, F_TP]
    void column(const char* x, const char* in, const char* w, const char* out, const char* y, bool split = true)
    {
        ShardedArray left = input(x, in);
        product(std::move(left), {w, {{in, k(), {}}, {out, n(), split ? m_inner : Axes{}}}, {}}, {"T", out}, y);
    }

    /// x[T, F_TP] . W[F_TP, D] -> y[T, D] {U_TP}
    void row(const char* x, const char* in, const char* w)
    {
        product({x, {{"T", m(), {}}, {in, k(), m_inner}}, {}}, {w, {{in, k(), m_inner}, {"D", n(), {}}}, {}}, {"T", "D"}, "y");
        reduce();
    }

    /// Per head: x[T, N_TP, A] . W[N_TP, A, B] -> y[T, N_TP, B]
    void perHead(const char* x, const char* in, const char* w, const char* out, const char* y)
    {
        const std::int64_t heads = positive(m_op.global.repeat);
        product({x, {{"T", m(), {}}, {"N", heads, m_inner}, {in, k(), {}}}, {}},
                {w, {{"N", heads, m_inner}, {in, k(), {}}, {out, n(), {}}}, {}}, {"T", "N", out}, y);
    }

    /// Scores and values: in decode the keys lie on the SP ranks, in prefill the queries do.
    void attention(bool scores)
    {
        const std::int64_t heads = ceilDiv(positive(m_op.global.repeat), m_plan.attentionData());
        const Axes keys = m_op.global.m == 1 ? m_outer : Axes{};
        // A window or an index lets fewer keys be read than there are: those that are.
        const std::int64_t read = positive(scores ? m_op.local.n : m_op.local.k) * m_out.mesh.devicesAlong(keys);
        if (scores)
            product({"q", {{"N", heads, m_inner}, {"T", m(), {}}, {"H", k(), {}}}, {}},
                    {"k", {{"N", heads, m_inner}, {"S", read, keys}, {"H", k(), {}}}, {}}, {"N", "T", "S"}, "p");
        else
            product({"p", {{"N", heads, m_inner}, {"T", m(), {}}, {"S", read, keys}}, {}},
                    {"v", {{"N", heads, m_inner}, {"S", read, keys}, {"H", n(), {}}}, {}}, {"N", "T", "H"}, "o");
    }

    /// Pieces that the SP ranks hold, whole afterwards.
    void gatherSequence(const char* name, const char* dim)
    {
        const ShardedArray whole{name, {{dim, positive(m_op.global.m), {}}, {"NH", n(), m_inner}}, {}};
        ShardedArray piece = whole;
        piece.dims[0].axes = m_outer;
        alone("", piece);
        then(whole);
    }

    /// Sharded norms work on each TP rank's share of the tokens, which are whole again for the projections.
    void norm()
    {
        ShardedArray whole{"x", {{"T", m(), {}}, {"D", n(), {}}}, {}};
        ShardedArray share = whole;
        if (m_op.collective == Collective::AllGather)
            share.dims[0].axes = m_inner;
        alone("norm", share);
        then(whole);
    }

    void dense()
    {
        axes("TP", m_plan.tensor(), "SP", m_plan.sequence());
        if ((m_op.op == Op::SharedUp || m_op.op == Op::SharedDown) && m_op.sharding == Sharding::Tokens)
            m_inner.clear(); // whole on every device
        const ShardedArray stream{"x", {{"T", m(), {}}, {"D", n(), {}}}, {}};
        switch (m_op.op) {
        case Op::Embedding:
            product({"onehot", {{"T", m(), {}}, {"V", positive(m_plan.tensor()), m_inner}}, {}},
                    {"WE", {{"V", positive(m_plan.tensor()), m_inner}, {"D", n(), {}}}, {}}, {"T", "D"}, "x");
            reduce();
            break;
        case Op::AttentionNorm:
        case Op::MlpNorm:
        case Op::PredictionNorm:
        case Op::FinalNorm: norm(); break;
        case Op::PredictionProjection: column("x", "D'", "WP", "D", "y", false); break;
        case Op::QkvProjection: column("x", "D", "WQKV", "NH", "qkv"); break;
        case Op::LatentDown: column("x", "D", "WDQKV", "C", "c", false); break;
        case Op::QueryUp: column("c", "Q", "WUQ", "NH", "q"); break;
        case Op::KvUp: column("c", "C", "WUKV", "NH", "kv"); break;
        case Op::AbsorbQuery: perHead("q", "H", "WUK", "C", "q"); break;
        case Op::ExpandValues: perHead("o", "C", "WUV", "H", "o"); break;
        case Op::IndexQuery: column("c", "Q", "WIQ", "I", "i", false); break;
        case Op::IndexKey: column("x", "D", "WIK", "I", "k", false); break;
        case Op::IndexScores: {
            // In decode each SP rank scores its own keys.
            const Axes keys = m_op.local.n < m_op.global.n ? m_outer : Axes{};
            const std::int64_t read = positive(m_op.local.n) * m_out.mesh.devicesAlong(keys);
            product({"i", {{"T", m(), {}}, {"I", k(), {}}}, {}}, {"k", {{"I", k(), {}}, {"S", read, keys}}, {}}, {"T", "S"}, "s");
            break;
        }
        case Op::IndexTopK: {
            ShardedArray whole{"s", {{"T", m(), {}}, {"S", n(), {}}}, {}};
            ShardedArray own = whole;
            if (m_op.collective != Collective::None)
                own.dims[1].axes = m_outer; // each SP rank chooses among its own keys
            alone("topk", own);
            then(whole);
            break;
        }
        case Op::LinearInput: column("x", "D", "Win", "NH", "qkvz"); break;
        case Op::LinearGate: column("f", "R", "Wf", "NH", "g"); break;
        case Op::Convolution: alone("conv", {"qkv", {{"T", m(), {}}, {"NH", n(), m_inner}}, {}}); break;
        case Op::StateUpdate: alone("update", {"S", {{"N", positive(m_op.global.repeat), m_inner}, {"H", n(), {}}}, {}}); break;
        case Op::StateExchange: gatherSequence("S", "P"); break;
        case Op::SequenceGather:
        case Op::RingExchange: gatherSequence("kv", "S"); break;
        case Op::AttentionScores: attention(true); break;
        case Op::AttentionValues: attention(false); break;
        case Op::AttentionSoftmax: alone("softmax", {"p", {{"N", positive(m_op.global.repeat), m_inner}, {"S", n(), {}}}, {}}); break;
        case Op::SequenceCombine:
            alone("", {"o", {{"T", m(), {}}, {"NH", n(), m_inner}}, m_outer});
            reduce();
            break;
        case Op::OutputProjection: row("o", "NH", "WO"); break;
        case Op::Router: column("x", "D", "WR", "E", "r", false); break;
        case Op::ExpertsIn: column("x", "D", "Win", "L", "x", false); break;
        case Op::ExpertsOut: column("y", "L", "Wout", "D", "y", false); break;
        case Op::SharedUp:
        case Op::MlpUp: column("x", "D", "W", "F", "h"); break;
        case Op::SharedDown:
        case Op::MlpDown: row("h", "F", "W"); break;
        case Op::CombineGather: {
            ShardedArray share = stream;
            share.name = "y";
            share.dims[0].axes = m_inner.empty() ? m_outer : m_inner;
            alone("", share);
            share.dims[0].axes.clear();
            then(share);
            break;
        }
        case Op::LmHead: {
            column("x", "D", "WV", "V", "z");
            m_out.before.clear();
            ShardedArray whole = m_out.result;
            for (ShardedDim& dim : whole.dims)
                dim.axes.clear();
            then(whole);
            break;
        }
        case Op::Sampling: alone("argmax", {"z", {{"T", m(), {}}, {"V", n(), {}}}, {}}); break;
        case Op::SendActivations: alone("to the next stage", stream); break;
        case Op::Dispatch:
        case Op::ExpertUp:
        case Op::ExpertDown:
        case Op::Combine: break;
        }
    }

    void experts()
    {
        axes("ETP", m_plan.expertTensor(), "EP", m_plan.expert());
        const std::int64_t count = positive(m_op.global.repeat);
        Axes group = m_inner;
        group.insert(group.end(), m_outer.begin(), m_outer.end());
        const auto buffer = [&](const Axes& tokens, const Axes& byExpert) {
            return ShardedArray{"x", {{"T", m(), tokens}, {"E", positive(m_plan.expert()), byExpert}, {"D", n(), {}}}, {}};
        };
        const auto stream = [&](const char* name, const Axes& tokens, const Axes& sums) {
            return ShardedArray{name, {{"T", m(), tokens}, {"D", n(), {}}}, sums};
        };
        switch (m_op.op) {
        case Op::ExpertUp:
            product({"x", {{"E", count, m_outer}, {"T'", m(), {}}, {"D", k(), {}}}, {}},
                    {"W", {{"E", count, m_outer}, {"D", k(), {}}, {"F", n(), m_inner}}, {}}, {"E", "T'", "F"}, "h");
            break;
        case Op::ExpertDown:
            product({"h", {{"E", count, m_outer}, {"T'", m(), {}}, {"F", k(), m_inner}}, {}},
                    {"W", {{"E", count, m_outer}, {"F", k(), m_inner}, {"D", n(), {}}}, {}}, {"E", "T'", "D"}, "y");
            break;
        case Op::Dispatch:
            if (m_op.collective == Collective::AllToAll) {
                alone("", buffer(m_outer, {}));
                then(buffer({}, m_outer));
            } else {
                alone("", stream("x", m_op.collective == Collective::AllGather ? group : Axes{}, {}));
                then(stream("x", {}, {}));
            }
            break;
        default: // Combine
            if (m_op.collective == Collective::AllToAll) {
                alone("", buffer({}, m_outer));
                then(buffer(m_outer, {}));
            } else {
                alone("", stream("y", {}, group));
                then(stream("y", m_op.collective == Collective::ReduceScatter ? group : Axes{}, {}));
            }
            break;
        }
    }
};

} // namespace

OperatorSharding shardingOf(const OperatorCost& op, const Plan& plan)
{
    return Deriver(op, plan).derive();
}

std::string print(const OperatorSharding& sharding)
{
    constexpr AxisSizes kShown = AxisSizes::Shown;
    const Mesh& mesh = sharding.mesh;
    const auto stepText = [&mesh](const ShardStep& step) {
        return std::string(nameOf(step.kind)) + " over " + printAxes(step.axes, mesh, kShown);
    };
    std::string text;
    for (const ShardStep& step : sharding.before)
        text += stepText(step) + "; ";
    if (sharding.right)
        text += printSharding({sharding.left, sharding.right, sharding.result}, mesh, kShown);
    else
        text += (sharding.verb.empty() ? "" : sharding.verb + " ") + printArray(sharding.left, mesh, kShown);
    for (const ShardStep& step : sharding.after)
        text += (sharding.right ? "; " + stepText(step) : " -> " + printArray(step.after, mesh, kShown) + "; " + stepText(step));
    return text;
}

std::string legend(const OperatorSharding& sharding)
{
    struct Letter {
        std::string_view name;
        std::string_view meaning;
    };
    static constexpr std::array kLetters{
        Letter{"T", "tokens"},
        Letter{"T'", "tokens of an expert"},
        Letter{"D", "model width"},
        Letter{"D'", "two model widths side by side"},
        Letter{"N", "query heads"},
        Letter{"H", "head size"},
        Letter{"NH", "heads × head size"},
        Letter{"S", "cached tokens"},
        Letter{"F", "intermediate width"},
        Letter{"E", "experts"},
        Letter{"L", "width that the experts work in"},
        Letter{"C", "latents"},
        Letter{"Q", "query latent"},
        Letter{"R", "low rank"},
        Letter{"I", "index width"},
        Letter{"P", "states"},
        Letter{"V", "vocabulary"},
    };
    std::string text;
    for (const Letter& letter : kLetters) {
        const auto has = [&letter](const ShardedArray& array) {
            return std::any_of(array.dims.begin(), array.dims.end(), [&letter](const ShardedDim& dim) { return dim.name == letter.name; });
        };
        if (has(sharding.left) || has(sharding.result) || (sharding.right && has(*sharding.right)))
            text += (text.empty() ? "" : ", ") + std::string(letter.name) + " " + std::string(letter.meaning);
    }
    return text;
}

} // namespace shardlens
