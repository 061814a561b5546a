// SPDX-License-Identifier: Apache-2.0
// The simulated scheduler against closed forms, conservation and order; the analytic answer against the simulation.
#include "servers.h"

#include "core/serving/queueing.h"
#include "core/serving/replicasimulation.h"

#include <QtTest>

#include <cmath>

using namespace shardlens;
using namespace shardlens::testing;

namespace {

const Server& dense(Engine engine = Engine::Generic)
{
    static const Server servers[] = {{"llama-3-70b", 8, planOf(8), Engine::Generic},
                                     {"llama-3-70b", 8, planOf(8), Engine::Vllm},
                                     {"llama-3-70b", 8, planOf(8), Engine::Sglang},
                                     {"llama-3-70b", 8, planOf(8), Engine::TrtLlm}};
    return servers[static_cast<std::size_t>(engine)];
}

bool near(double a, double b, double tolerance)
{
    return std::abs(a - b) <= tolerance * std::abs(b);
}

/// Mean requests in the system over the whole run against the sum of their times: Little's law, exact for a run that begins and ends empty.
double littleError(const ServiceFigures& f)
{
    const double inSystem = (f.meanRunning + f.meanWaiting) * f.duration;
    return inSystem / (f.endToEnd.mean * static_cast<double>(f.requests)) - 1;
}

} // namespace

class TestServing : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lengths()
    {
        const LengthSpread uniform{LengthSpread::Kind::Uniform, 0.8, 1, 0, 0, 0};
        QCOMPARE(lengthAt(uniform, 1000, 0.0), 800);
        QCOMPARE(lengthAt(uniform, 1000, 1 - 1e-12), 1000);
        QCOMPARE(rangeOf(uniform, 1000).mean, 900.0);
        const LengthSpread skewed{LengthSpread::Kind::Percentiles, 1, 1, 200, 900, 4000};
        QCOMPARE(lengthAt(skewed, 7, 0.5), 200);
        QCOMPARE(lengthAt(skewed, 7, 0.9), 900);
        QCOMPARE(lengthAt(skewed, 7, 0.99), 4000);
        double sum = 0;
        for (int i = 0; i < 20000; ++i)
            sum += lengthAt(skewed, 7, (i + 0.5) / 20000);
        QVERIFY(near(rangeOf(skewed, 7).mean, sum / 20000, 0.01));
        QVERIFY(rangeOf(skewed, 7).least >= 1 && rangeOf(skewed, 7).most > 4000);
    }

    /// One client: the next request comes when the last is answered, so each takes its prefill and its decode steps, and no more.
    void oneClient()
    {
        const ServiceInput in = dense().closed(1024, 128, 1);
        const ServiceFigures f = serveSimulated(in);
        PieceTimes times;
        const StepTokens prompt{1, 1024, 0, false, true};
        dense().step().mixedTimes({0, 1, 1, true, true}, {&prompt, 1}, times);
        const auto whole = [&times] { return 80 * times.layers[0] + times.embedding + times.head; };
        const double prefill = whole();
        QVERIFY(near(f.ttft.mean, prefill, 1e-9));
        QCOMPARE(f.ttft.p99, f.ttft.p50);
        double decode = 0;
        for (int i = 0; i < 127; ++i) {
            dense().step().pieceTimes({1, 1, 1025 + i, true, true}, times);
            decode += whole();
        }
        QVERIFY2(near(f.tpot.mean, decode / 127, 2e-3), qPrintable(QString::number(f.tpot.mean / (decode / 127))));
        QCOMPARE(f.meanBatch, 1.0);
        QVERIFY(near(f.requestsPerSecond, 1 / f.endToEnd.mean, 1e-9));
        QVERIFY(near(f.utilisation, 1, 1e-9));
    }

    /// One request at a time from a Poisson stream with equal services is the queue M/D/1: W = rho s / (2 (1 - rho)), Pollaczek and Khinchine.
    void singleServerQueue_data()
    {
        QTest::addColumn<double>("load");
        for (const double load : {0.3, 0.6, 0.8})
            QTest::newRow(QByteArray::number(load).constData()) << load;
    }
    void singleServerQueue()
    {
        QFETCH(double, load);
        ServiceInput alone = dense().closed(1024, 64, 1);
        const ServiceFigures one = serveSimulated(alone);
        const double service = one.endToEnd.mean;
        ServiceInput in = dense().open(1024, 64, load / service);
        in.engine.maxSequences = 1;
        in.load.requests = 120'000;
        const ServiceFigures f = serveSimulated(in);
        const double wait = load * service / (2 * (1 - load));
        QVERIFY2(near(f.ttft.mean - one.ttft.mean, wait, 0.05), qPrintable(QString::number((f.ttft.mean - one.ttft.mean) / wait)));
        QVERIFY(near(f.utilisation, load, 0.02));
        QVERIFY(near(f.tpot.mean, one.tpot.mean, 1e-9));
        const ServiceFigures fast = serveAnalytic(in);
        QVERIFY2(near(fast.ttft.mean, f.ttft.mean, 0.08), qPrintable(QString::number(fast.ttft.mean / f.ttft.mean)));
        QVERIFY(near(queueWait(load / service, service, 1, 0), wait, 1e-12));
    }

    void littlesLaw_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<int>("clients");
        QTest::addColumn<double>("rate");
        for (int engine = 0; engine < 4; ++engine) {
            QTest::addRow("%d closed", engine) << engine << 48 << 0.0;
            QTest::addRow("%d open", engine) << engine << 0 << 6.0;
        }
    }
    void littlesLaw()
    {
        QFETCH(int, engine);
        QFETCH(int, clients);
        QFETCH(double, rate);
        const Server& server = dense(static_cast<Engine>(engine));
        ServiceInput in = clients > 0 ? server.closed(3000, 300, clients, 0.5) : server.open(3000, 300, rate);
        in.load.outputLengths = {LengthSpread::Kind::Uniform, 0.2, 1, 0, 0, 0};
        in.load.warmup = 0;
        in.engine.requestOverhead = 0.004;
        in.engine.pollInterval = engine == 2 ? 10 : 1;
        const ServiceFigures f = serveSimulated(in);
        QCOMPARE(f.status, ServiceStatus::Served);
        QVERIFY2(std::abs(littleError(f)) < 1e-9, qPrintable(QString::number(littleError(f))));
        in.kvTokens = 40'000; // requests wait and, where the engine does so, are preempted
        const ServiceFigures tight = serveSimulated(in);
        QVERIFY2(std::abs(littleError(tight)) < 1e-9, qPrintable(QString::number(littleError(tight))));
        QVERIFY(tight.peakKvTokens <= 40'000);
        QVERIFY(tight.endToEnd.mean > f.endToEnd.mean);
        if (in.engine.admission == KvAdmission::Guaranteed)
            QCOMPARE(tight.preemptions, 0);
    }

    void sameSeedSameFigures()
    {
        ServiceInput in = dense().closed(1024, 512, 32, 0.8);
        const ServiceFigures first = serveSimulated(in);
        QVERIFY(first == serveSimulated(in));
        in.load.seed = 2;
        QVERIFY(!(first == serveSimulated(in)));
    }

    void moreRateIsNotFaster()
    {
        for (const Engine engine : {Engine::Vllm, Engine::Sglang}) {
            double simulated = 0;
            double analytic = 0;
            for (const double rate : {0.5, 2.0, 8.0, 16.0, 24.0, 30.0}) {
                const ServiceInput in = dense(engine).open(1024, 512, rate);
                const ServiceFigures s = serveSimulated(in);
                const ServiceFigures a = serveAnalytic(in);
                QCOMPARE(s.status, ServiceStatus::Served);
                QVERIFY2(s.ttft.mean >= simulated * 0.99, qPrintable(QString::number(rate)));
                QVERIFY2(a.ttft.mean >= analytic, qPrintable(QString::number(rate)));
                QVERIFY(a.ttft.p50 <= a.ttft.p90 && a.ttft.p90 <= a.ttft.p99);
                QVERIFY(s.ttft.p50 <= s.ttft.p90 && s.ttft.p90 <= s.ttft.p99);
                simulated = s.ttft.mean;
                analytic = a.ttft.mean;
            }
        }
    }

    void saturationIsSaid()
    {
        ServiceInput in = dense(Engine::Vllm).open(1024, 512, 1);
        in.engine.maxSequences = 64;
        const double most = serveAnalytic(in).saturationRate;
        QVERIFY(most > 0);
        in.load.rate = 0.9 * most;
        QCOMPARE(serveAnalytic(in).status, ServiceStatus::Served);
        QCOMPARE(serveSimulated(in).status, ServiceStatus::Served);
        in.load.rate = 1.3 * most;
        QCOMPARE(serveAnalytic(in).status, ServiceStatus::Saturated);
        QVERIFY(std::isinf(serveAnalytic(in).ttft.mean));
        const ServiceFigures over = serveSimulated(in);
        QCOMPARE(over.status, ServiceStatus::Saturated);
        // What it serves then is what it can serve at most.
        QVERIFY2(near(over.requestsPerSecond, most, 0.06), qPrintable(QString::number(over.requestsPerSecond / most)));
    }

    /// Up to what can be served at most the answer is finite, or says that it is saturated; also where the KV cache is what limits.
    void nearSaturation()
    {
        for (const std::int64_t kvTokens : {std::int64_t{150'000}, std::int64_t{1'600'000}}) {
            ServiceInput in = dense(Engine::Vllm).open(2048, 256, 1);
            in.kvTokens = kvTokens;
            const double most = serveAnalytic(in).saturationRate;
            double before = 0;
            for (const double share : {0.5, 0.8, 0.9, 0.94, 0.97, 0.99, 0.999}) {
                in.load.rate = share * most;
                const ServiceFigures f = serveAnalytic(in);
                if (f.status == ServiceStatus::Saturated) {
                    QVERIFY2(share > 0.95, qPrintable(QString::number(share)));
                    break;
                }
                QVERIFY2(std::isfinite(f.ttft.mean) && std::isfinite(f.ttft.p50) && std::isfinite(f.ttft.p99),
                         qPrintable(QString::number(share)));
                QVERIFY(std::isfinite(f.endToEnd.p99) && std::isfinite(f.meanWaiting));
                QVERIFY(f.requestsPerSecond == in.load.rate);
                QVERIFY(f.tpot.mean >= before);
                before = f.tpot.mean;
            }
        }
    }

    /// Requests of one token are prefill alone: no decode steps, no TPOT, and no more throughput than prefill gives.
    void oneToken()
    {
        for (const int clients : {1, 3, 32}) {
            const ServiceInput in = dense(Engine::Vllm).closed(2048, 1, clients);
            const ServiceFigures s = serveSimulated(in);
            const ServiceFigures a = serveAnalytic(in);
            for (const ServiceFigures& f : {s, a}) {
                QCOMPARE(f.tpot, Percentiles{});
                QCOMPARE(f.meanBatch, 0.0);
                QCOMPARE(f.stepsPerSecond, 0.0);
                QVERIFY(f.saturationRate >= f.requestsPerSecond);
            }
            QVERIFY2(near(a.requestsPerSecond, s.requestsPerSecond, 0.03),
                     qPrintable(QString::number(a.requestsPerSecond / s.requestsPerSecond)));
            QVERIFY2(near(a.ttft.mean, s.ttft.mean, 0.03), qPrintable(QString::number(a.ttft.mean / s.ttft.mean)));
        }
    }

    /// What a KV cache holds limits how many run; the others wait.
    void cacheLimit()
    {
        ServiceInput in = dense(Engine::TrtLlm).closed(1000, 200, 64);
        in.kvTokens = std::int64_t{10} * 75 * 16; // ten requests of 75 blocks each
        const ServiceFigures f = serveSimulated(in);
        QCOMPARE(f.preemptions, 0);
        QVERIFY2(f.meanRunning <= 10 + 1e-9 && f.meanRunning > 9, qPrintable(QString::number(f.meanRunning - 10)));
        QVERIFY(near(f.meanWaiting + f.meanRunning, 64, 0.15));
        const ServiceFigures fast = serveAnalytic(in);
        QVERIFY2(near(fast.ttft.mean, f.ttft.mean, 0.2), qPrintable(QString::number(fast.ttft.mean / f.ttft.mean)));
        in.engine.admission = KvAdmission::Greedy;
        const ServiceFigures greedy = serveSimulated(in);
        QVERIFY(greedy.preemptions > 0);
        QVERIFY(greedy.peakKvTokens <= static_cast<double>(in.kvTokens));
        in.kvTokens = 74 * 16; // a block short of one request
        QCOMPARE(serveSimulated(in).status, ServiceStatus::DoesNotFit);
        QCOMPARE(serveAnalytic(in).status, ServiceStatus::DoesNotFit);
    }

    /// One request at a time and c clients: each waits for the c - 1 others, exactly, from the first measured request to the last; a
    /// benchmark's run has the shorter waits of its opening burst among them.
    void steadyQueue()
    {
        ServiceInput in = dense().closed(1024, 64, 1);
        const ServiceFigures one = serveSimulated(in);
        in.engine.maxSequences = 1;
        for (const int clients : {2, 7, 40}) {
            in.load.concurrency = clients;
            in.load.warmup = -1;
            const ServiceFigures f = serveSimulated(in);
            const double wait = (clients - 1) * one.endToEnd.mean;
            for (const double ttft : {f.ttft.mean, f.ttft.p50, f.ttft.p99})
                QVERIFY2(near(ttft, wait + one.ttft.mean, 1e-3), qPrintable(QString::number(ttft / (wait + one.ttft.mean))));
            QVERIFY(near(f.requestsPerSecond, 1 / one.endToEnd.mean, 1e-3));
            in.load.warmup = 0;
            const ServiceFigures whole = serveSimulated(in);
            // The first round waits for half of the others on average: a tenth of all requests.
            QVERIFY2(near(whole.ttft.mean - one.ttft.mean, wait * 0.95, 1e-3), qPrintable(QString::number(whole.ttft.mean / wait)));
            QCOMPARE(whole.discarded, 0);
        }
    }

    /// A prompt alone is what one client's requests take to the first token; of very many pieces some stand for others.
    void promptAlone()
    {
        for (const int budget : {8192, 1024, 300, 64, 40, 7}) {
            ServiceInput in = dense().closed(4000, 64, 1);
            in.engine.tokenBudget = budget;
            const double alone = promptTime(in);
            const double first = serveSimulated(in).ttft.mean;
            QVERIFY2(near(alone, first, 4000 / budget < 64 ? 1e-6 : 0.01),
                     qPrintable(QStringLiteral("%1: %2").arg(budget).arg(alone / first)));
        }
    }

    /// In the steady state all clients are in the system at all times, and what was left out before is said.
    void steadyLoop_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<int>("clients");
        QTest::addColumn<double>("low");
        QTest::addColumn<qint64>("kvTokens");
        for (int engine = 0; engine < 4; ++engine)
            for (const int clients : {3, 24, 200})
                for (const double low : {0.8, 1.0})
                    for (const qint64 kvTokens : {qint64{60'000}, qint64{4'000'000}})
                        QTest::addRow("%d c%d %.1f %d", engine, clients, low, static_cast<int>(kvTokens))
                            << engine << clients << low << kvTokens;
    }
    void steadyLoop()
    {
        QFETCH(int, engine);
        QFETCH(int, clients);
        QFETCH(double, low);
        QFETCH(qint64, kvTokens);
        ServiceInput in = dense(static_cast<Engine>(engine)).closed(2048, 512, clients, low);
        in.kvTokens = kvTokens;
        in.engine.requestOverhead = 0.002;
        const ServiceFigures f = serveSimulated(in);
        QVERIFY2(near(f.meanRunning + f.meanWaiting, clients, 0.01), qPrintable(QString::number(f.meanRunning + f.meanWaiting)));
        QVERIFY(near(f.requestsPerSecond * f.endToEnd.mean, clients, 1e-9));
        QCOMPARE(f.requests, std::int64_t{kRequestsPerClient} * clients);
        QVERIFY(f.discarded >= clients && f.discarded <= 3 * clients);
        QVERIFY(f.warmup > 0 && f.duration > f.warmup);
        QVERIFY(f.peakKvTokens <= static_cast<double>(kvTokens));
    }

    /// A run long enough that its burst is forgotten, with it left out, has the figures of the steady start: where it began does not matter.
    void independentOfTheStart_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<int>("clients");
        for (int engine = 0; engine < 4; ++engine)
            for (const int clients : {8, 64, 200})
                QTest::addRow("%d c%d", engine, clients) << engine << clients;
    }
    void independentOfTheStart()
    {
        QFETCH(int, engine);
        QFETCH(int, clients);
        ServiceInput in = dense(static_cast<Engine>(engine)).closed(2048, 256, clients, 0.5);
        in.load.requests = 150 * clients;
        const ServiceFigures steady = serveSimulated(in);
        in.load.seed = 2;
        const ServiceFigures other = serveSimulated(in);
        in.load.warmup = 50 * clients;
        in.load.requests = 200 * clients;
        const ServiceFigures forgotten = serveSimulated(in);
        in.load.warmup = 0;
        in.load.requests = 0;
        const ServiceFigures burst = serveSimulated(in);
        in.load.warmup = -1;
        const ServiceFigures usual = serveSimulated(in);
        const auto differ = [](double a, double b) { return qPrintable(QString::number(a / b)); };
        for (const ServiceFigures& f : {other, forgotten}) {
            QVERIFY2(near(f.ttft.mean, steady.ttft.mean, 0.04), differ(f.ttft.mean, steady.ttft.mean));
            QVERIFY2(near(f.ttft.p99, steady.ttft.p99, 0.1), differ(f.ttft.p99, steady.ttft.p99));
            QVERIFY2(near(f.tpot.mean, steady.tpot.mean, 0.005), differ(f.tpot.mean, steady.tpot.mean));
            QVERIFY2(near(f.requestsPerSecond, steady.requestsPerSecond, 0.015), differ(f.requestsPerSecond, steady.requestsPerSecond));
        }
        // Ten requests of each client are enough; with the burst they are not.
        QVERIFY2(near(usual.ttft.mean, steady.ttft.mean, 0.1), differ(usual.ttft.mean, steady.ttft.mean));
        QVERIFY2(near(usual.tpot.mean, steady.tpot.mean, 0.02), differ(usual.tpot.mean, steady.tpot.mean));
        if (clients >= 64)
            QVERIFY2(burst.ttft.p99 > 1.5 * steady.ttft.p99, differ(burst.ttft.p99, steady.ttft.p99));
    }

    /// Stated bounds: means of TPOT and throughput within 8 %, of TTFT within 25 %.
    void analyticAgrees_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<int>("prompt");
        QTest::addColumn<int>("output");
        QTest::addColumn<int>("clients");
        QTest::addColumn<double>("low");
        QTest::addColumn<int>("warmup");
        for (int engine = 0; engine < 4; ++engine)
            for (const int clients : {1, 4, 16, 64, 256})
                for (const auto& [prompt, output] : {std::pair{1024, 1024}, std::pair{1024, 4096}, std::pair{6000, 1024}})
                    for (const double low : {0.8, 1.0})
                        for (const int warmup : {-1, 0})
                            QTest::addRow("%d %d/%d c%d %.1f %s", engine, prompt, output, clients, low, warmup < 0 ? "steady" : "burst")
                                << engine << prompt << output << clients << low << warmup;
    }
    void analyticAgrees()
    {
        QFETCH(int, engine);
        QFETCH(int, prompt);
        QFETCH(int, output);
        QFETCH(int, clients);
        QFETCH(double, low);
        QFETCH(int, warmup);
        ServiceInput in = dense(static_cast<Engine>(engine)).closed(prompt, output, clients, low);
        in.load.warmup = warmup;
        const ServiceFigures a = serveAnalytic(in);
        const ServiceFigures s = serveSimulated(in);
        const auto ratio = [](double x, double y) { return qPrintable(QString::number(x / y)); };
        QVERIFY2(near(a.tpot.mean, s.tpot.mean, 0.08), ratio(a.tpot.mean, s.tpot.mean));
        QVERIFY2(near(a.outputTokensPerSecond, s.outputTokensPerSecond, 0.08), ratio(a.outputTokensPerSecond, s.outputTokensPerSecond));
        QVERIFY2(near(a.ttft.mean, s.ttft.mean, 0.25), ratio(a.ttft.mean, s.ttft.mean));
    }

    /// Stated bounds where both lengths are fixed, so that waves keep their order: throughput within 10 %, TPOT 15 %, TTFT 35 %.
    void fixedLengths_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<int>("clients");
        QTest::addColumn<int>("warmup");
        for (int engine = 0; engine < 4; ++engine)
            for (const int clients : {1, 4, 16, 32, 64, 128, 256})
                for (const int warmup : {-1, 0})
                    QTest::addRow("%d c%d %s", engine, clients, warmup < 0 ? "steady" : "burst") << engine << clients << warmup;
    }
    void fixedLengths()
    {
        QFETCH(int, engine);
        QFETCH(int, clients);
        QFETCH(int, warmup);
        ServiceInput in = dense(static_cast<Engine>(engine)).closed(2048, 256, clients);
        in.load.warmup = warmup;
        const ServiceFigures a = serveAnalytic(in);
        const ServiceFigures s = serveSimulated(in);
        const QByteArray ratios = QByteArray::number(a.tpot.mean / s.tpot.mean) + " "
                                  + QByteArray::number(a.outputTokensPerSecond / s.outputTokensPerSecond) + " "
                                  + QByteArray::number(a.ttft.mean / s.ttft.mean);
        QVERIFY2(near(a.tpot.mean, s.tpot.mean, 0.15), ratios.constData());
        QVERIFY2(near(a.outputTokensPerSecond, s.outputTokensPerSecond, 0.1), ratios.constData());
        QVERIFY2(near(a.ttft.mean, s.ttft.mean, 0.35), ratios.constData());
    }

    /// The few long prompts of a skewed load count in TTFT: their own prefill, and what others wait for them.
    void longTail()
    {
        ServiceInput in = dense(Engine::Vllm).open(2048, 256, 1);
        in.load.inputLengths = {LengthSpread::Kind::Percentiles, 1, 1, 100, 500, 8000};
        for (const double rate : {1.0, 4.0}) {
            in.load.rate = rate;
            const ServiceFigures a = serveAnalytic(in);
            const ServiceFigures s = serveSimulated(in);
            const double mean = a.ttft.mean / s.ttft.mean;
            const double p99 = a.ttft.p99 / s.ttft.p99;
            QVERIFY2(mean > 0.6 && mean < 1.4, qPrintable(QString::number(mean)));
            QVERIFY2(p99 > 0.5 && p99 < 1.6, qPrintable(QString::number(p99)));
            QVERIFY2(near(a.ttft.p50, s.ttft.p50, 0.2), qPrintable(QString::number(a.ttft.p50 / s.ttft.p50)));
        }
    }

    /// A budget that a prompt and the sequences beside it exceed is raised to hold them; other engines keep theirs.
    void roomForPrompts()
    {
        ServiceInput in = dense(Engine::TrtLlm).closed(8192, 512, 64);
        QCOMPARE(withRoomForPrompts(in.engine, in.load, 8192).tokenBudget, 8192 + 64 + 64);
        in.engine.tokenBudget = 20'000;
        QCOMPARE(withRoomForPrompts(in.engine, in.load, 8192).tokenBudget, 20'000);
        in.engine.tokenBudget = 8192;
        const double starved = serveSimulated(in).ttft.mean;
        in.engine = withRoomForPrompts(in.engine, in.load, 8192);
        const ServiceFigures s = serveSimulated(in);
        const ServiceFigures a = serveAnalytic(in);
        QVERIFY(s.ttft.mean < 0.1 * starved);
        QVERIFY2(near(a.tpot.mean, s.tpot.mean, 0.15), qPrintable(QString::number(a.tpot.mean / s.tpot.mean)));
        QVERIFY2(near(a.requestsPerSecond, s.requestsPerSecond, 0.15),
                 qPrintable(QString::number(a.requestsPerSecond / s.requestsPerSecond)));
        const EngineSettings cut = defaultsOf(Engine::Vllm);
        QVERIFY(withRoomForPrompts(cut, in.load, 100'000) == cut);
    }

    void prefixCache()
    {
        ServiceInput in = dense().closed(8192, 256, 1);
        const double cold = serveSimulated(in).ttft.mean;
        in.load.prefixHit = 0.5;
        const double warm = serveSimulated(in).ttft.mean;
        QVERIFY(warm < cold && warm > 0.4 * cold);
        in.load.prefixHit = 1; // but for one token: as short as a decode step
        const ServiceFigures hit = serveSimulated(in);
        QVERIFY2(hit.ttft.mean < 1.5 * hit.tpot.mean, qPrintable(QString::number(hit.ttft.mean / hit.tpot.mean)));
        QVERIFY(near(serveAnalytic(in).ttft.mean, hit.ttft.mean, 0.05));
    }

    void speculation()
    {
        ServiceInput in = dense().closed(1024, 512, 8);
        const double plain = serveSimulated(in).tpot.mean;
        in.load.speculation = {3, 0, Speculation::Draft::Relative, 0.05};
        QCOMPARE(in.load.speculation.tokensPerStep(), 1.0);
        QVERIFY(serveSimulated(in).tpot.mean > plain); // nothing accepted: never faster
        in.load.speculation.acceptance = 0.5;
        QCOMPARE(in.load.speculation.tokensPerStep(), 1.875); // (1 - 0.5^4) / (1 - 0.5)
        const double half = serveSimulated(in).tpot.mean;
        QVERIFY(near(serveAnalytic(in).tpot.mean, half, 0.05));
        in.load.speculation.acceptance = 1;
        const double all = serveSimulated(in).tpot.mean;
        QVERIFY(all < half && all > plain / 4);
        in.load.speculation.draftTokens = 0;
        QCOMPARE(serveSimulated(in).tpot.mean, plain);
    }

    /// A request that finds the scheduler busy waits for the next look.
    void polling()
    {
        ServiceInput in = dense(Engine::Sglang).closed(1024, 1024, 32, 0.8);
        const ServiceFigures often = serveSimulated(in);
        in.engine.pollInterval = 30;
        const ServiceFigures seldom = serveSimulated(in);
        const double more = seldom.ttft.mean - often.ttft.mean;
        QVERIFY2(more > 8 * often.tpot.p50 && more < 25 * often.tpot.p50, qPrintable(QString::number(more / often.tpot.p50)));
    }

    void replicasShareTheLoad()
    {
        const Server two("llama-3-70b", 8, planOf(4, 1, 2));
        const Server one("llama-3-70b", 4, planOf(4));
        const ServiceFigures both = serveSimulated(two.closed(1024, 512, 32, 0.8));
        const ServiceFigures single = serveSimulated(one.closed(1024, 512, 16, 0.8));
        QCOMPARE(both.ttft.mean, single.ttft.mean);
        QVERIFY(near(both.outputTokensPerSecond, 2 * single.outputTokensPerSecond, 1e-12));
        const ServiceFigures uneven = serveSimulated(two.closed(1024, 512, 33, 0.8));
        QVERIFY(uneven.tpot.mean > both.tpot.mean);
    }

    void ranksAndStages()
    {
        const Server experts("deepseek-v3", 16, planOf(1, 1, 1, 16, 16), Engine::Sglang);
        const auto wholeRun = [](ServiceInput in) { // from the first request to the last
            in.load.warmup = 0;
            return serveSimulated(in);
        };
        const ServiceInput ranks = experts.closed(1024, 512, 128, 0.8);
        const ServiceFigures r = serveSimulated(ranks);
        QVERIFY(std::abs(littleError(wholeRun(ranks))) < 1e-9);
        QVERIFY2(near(serveAnalytic(ranks).tpot.mean, r.tpot.mean, 0.2),
                 qPrintable(QString::number(serveAnalytic(ranks).tpot.mean / r.tpot.mean)));
        const ServiceFigures fast = serveAnalytic(ranks);
        // Rows of decode steps are conserved: as many a second as requests times their steps.
        QVERIFY(near(fast.stepsPerSecond * fast.meanBatch, r.stepsPerSecond * r.meanBatch, 0.25));
        QVERIFY2(near(fast.stepsPerSecond, r.stepsPerSecond, 0.25), qPrintable(QString::number(fast.stepsPerSecond / r.stepsPerSecond)));
        QVERIFY(fast.saturationRate >= fast.requestsPerSecond && r.saturationRate >= r.requestsPerSecond);
        const Server stages("llama-3-70b", 8, planOf(4, 2));
        const ServiceInput piped = stages.closed(1024, 512, 64, 0.8);
        const ServiceFigures p = serveSimulated(piped);
        QVERIFY(std::abs(littleError(wholeRun(piped))) < 1e-9);
        QVERIFY(near(serveAnalytic(piped).tpot.mean, p.tpot.mean, 0.08));
    }

    void cancelled()
    {
        const std::atomic<bool> stop{true};
        ServiceInput in = dense().open(1024, 512, 10);
        in.load.requests = 100'000;
        double last = -1;
        SimulationControl control;
        control.progress = [&last](double share) { last = share; };
        control.stop = &stop;
        QCOMPARE(serveSimulated(in, control).status, ServiceStatus::Cancelled);
        control.stop = nullptr;
        in.load.requests = 4000;
        QCOMPARE(serveSimulated(in, control).status, ServiceStatus::Served);
        QVERIFY(last > 0.5 && last <= 1);
    }
};

QTEST_GUILESS_MAIN(TestServing)
#include "tst_serving.moc"
