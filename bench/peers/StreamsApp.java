import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/**
 * Kafka Streams: JSON in, a constant answer, JSON out, exactly_once_v2 on one thread.
 *
 * As its documentation has it: the DSL with a Serde for each type. The Serdes are Jackson's, with a
 * reader and a writer made once, as Jackson recommends; times stay text, nothing is validated.
 * Tuned: more records a poll, larger compressed batches; the commit interval is the 100 ms that
 * exactly_once_v2 brings.
 *
 * Arguments: BOOTSTRAP SOURCE OUTPUT GROUP STATE_FOLDER
 */
public final class StreamsApp {
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record SlotCreated(
      int schema_version, String slot_id, String instructor_id, String partnership_type,
      String meeting_point_id, double latitude, double longitude, String lesson_start_at,
      String created_at, int duration_minutes) {}

  public record SlotProbability(
      int schema_version, String slot_id, double probability, String model_version, long epoch,
      int source_partition, long source_offset, String lesson_start_at, String scored_at,
      String replay_id) {}

  private static final double PROBABILITY = 0.5;

  public static void main(String[] arguments) {
    var builder = new StreamsBuilder();
    builder
        .stream(arguments[1], Consumed.with(Serdes.ByteArray(), json(SlotCreated.class)))
        .processValues(Answer::new)
        .to(arguments[2], Produced.with(Serdes.ByteArray(), json(SlotProbability.class)));
    var settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 4_000);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    var streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static final class Answer
      extends ContextualFixedKeyProcessor<byte[], SlotCreated, SlotProbability> {
    @Override
    public void process(FixedKeyRecord<byte[], SlotCreated> record) {
      var event = record.value();
      var source = context().recordMetadata().orElseThrow();
      var now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
      context()
          .forward(
              record.withValue(
                  new SlotProbability(
                      1, event.slot_id(), PROBABILITY, "constant", 1, source.partition(),
                      source.offset(), event.lesson_start_at(), now, null)));
    }
  }

  private static <T> Serde<T> json(Class<T> type) {
    var mapper = new ObjectMapper();
    ObjectReader reader = mapper.readerFor(type);
    ObjectWriter writer = mapper.writerFor(type);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return writer.writeValueAsBytes(value);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        },
        (topic, bytes) -> {
          try {
            return reader.readValue(bytes);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        });
  }
}
