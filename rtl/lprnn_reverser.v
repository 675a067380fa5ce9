// lprnn_reverser - gives the steps of every sequence in the opposite order.
//
//   steps 0, 1, .. n-1 -> [ memory of STEPS steps ] -> steps n-1, .. 1, 0; the beats of a step in their order
//
// One memory holds two sequences. While one is read, from its last step to its first, the next is written behind
// it into the places that are read already: so that lies the other way round, and reading it turns again. A
// sequence is given when its last step (TLAST) is there and the one before has left. It has at most STEPS steps,
// which lprnn_cut sees to. Latency: 2 cycles from the last beat of a sequence to the first one given.

`default_nettype none

module lprnn_reverser #(
    parameter STEPS    = 64,      // steps of the longest sequence
    parameter BEATS    = 4,       // beats of a step
    parameter ELEMENTS = 1,       // elements of a beat
    parameter CODE_W   = 4,       // bits of an element's code
    parameter CODE_ODD = 0,       // 1: codes are odd, of CODE_W bits and the last one
    parameter STYLE    = "block"  // of the memory: "distributed", "block" or "auto"
) (
    input  wire                                 clk,
    input  wire                                 rst,
    // steps in, elements of whole bytes
    input  wire                                 s_valid_i,
    output wire                                 s_ready_o,
    input  wire [ELEMENTS*((CODE_W+7)/8)*8-1:0] s_data_i,
    input  wire                                 s_last_i,
    // steps out
    output wire                                 m_valid_o,
    input  wire                                 m_ready_i,
    output wire [ELEMENTS*((CODE_W+7)/8)*8-1:0] m_data_o,
    output wire                                 m_last_o,  // the last beat of the step that came first
    output wire                                 m_fresh_o  // a beat of the step that came last
);

    localparam ROWS   = STEPS*BEATS;
    localparam ROW_W  = $clog2((ROWS > 1) ? ROWS : 2);
    localparam BEAT_W = $clog2((BEATS > 1) ? BEATS : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];
    localparam integer END_ROW_INT = ROWS - 1;
    localparam [ROW_W-1:0] END_ROW = END_ROW_INT[ROW_W-1:0];        // the last beat of the highest step
    localparam integer LOW_END_INT = BEATS - 1;
    localparam [ROW_W-1:0] LOW_END = LOW_END_INT[ROW_W-1:0];        // the last beat of the lowest step
    localparam integer HIGH_STEP_INT = ROWS - BEATS;
    localparam [ROW_W-1:0] HIGH_STEP = HIGH_STEP_INT[ROW_W-1:0];    // the first beat of the highest step
    localparam integer STEP_BACK_INT = 2*BEATS - 1;
    localparam [ROW_W-1:0] STEP_BACK = STEP_BACK_INT[ROW_W-1:0];    // from a last beat to the first of the step below
    localparam [ROW_W-1:0] STEP_START = LAST_BEAT_INT[ROW_W-1:0];   // from a last beat to the first of its step

    reg [ROW_W-1:0]  write_row_q;
    reg [BEAT_W-1:0] write_beat_q;
    reg              first_step_q;   // of a sequence, it is being written
    reg [ROW_W-1:0]  first_end_q;    // row of that step's last beat
    reg              whole_q;        // a sequence is there as a whole and waits
    reg              reading_q;      // one is being read
    reg [ROW_W-1:0]  read_row_q;     // of the beat that is offered
    reg [BEAT_W-1:0] read_beat_q;
    reg [ROW_W-1:0]  read_end_q;     // of the last beat to be read
    reg              read_first_q;   // the first step is being read
    reg              down_q;         // both walk from step to step downwards

    wire accept       = s_valid_i & s_ready_o;
    wire write_end    = (write_beat_q == LAST_BEAT);
    wire sequence_end = accept & write_end & s_last_i;
    wire turn         = whole_q & ~reading_q;
    wire take         = reading_q & m_ready_i;
    wire read_end     = (read_beat_q == LAST_BEAT);
    wire done         = take & (read_row_q == read_end_q);

    // The row behind a beat's, in the order in which both walk.
    wire [ROW_W-1:0] write_up   = (write_row_q == END_ROW) ? {ROW_W{1'b0}} : write_row_q + 1'b1;
    wire [ROW_W-1:0] write_down = (write_row_q == LOW_END) ? HIGH_STEP : write_row_q - STEP_BACK;
    wire [ROW_W-1:0] read_up    = (read_row_q == END_ROW) ? {ROW_W{1'b0}} : read_row_q + 1'b1;
    wire [ROW_W-1:0] read_down  = (read_row_q == LOW_END) ? HIGH_STEP : read_row_q - STEP_BACK;
    wire [ROW_W-1:0] write_next = (write_end & down_q) ? write_down : write_up;
    wire [ROW_W-1:0] read_next  = (read_end & down_q) ? read_down : read_up;
    wire [ROW_W-1:0] read_row   = turn ? write_row_q : take ? read_next : read_row_q;

    always @(posedge clk) begin
        read_row_q <= read_row;
        if (accept & first_step_q) begin
            first_end_q <= write_row_q;
        end
        if (turn) begin
            read_end_q   <= first_end_q;
            read_beat_q  <= {BEAT_W{1'b0}};
            read_first_q <= 1'b1;
        end else if (take) begin
            read_beat_q  <= read_end ? {BEAT_W{1'b0}} : read_beat_q + 1'b1;
            read_first_q <= read_first_q & ~read_end;
        end
        if (rst) begin
            write_row_q  <= {ROW_W{1'b0}};
            write_beat_q <= {BEAT_W{1'b0}};
            first_step_q <= 1'b1;
            whole_q      <= 1'b0;
            reading_q    <= 1'b0;
            down_q       <= 1'b0;
        end else begin
            if (accept) begin
                // A sequence is read from its last step on, and the next one begins there.
                write_row_q  <= sequence_end ? write_row_q - STEP_START : write_next;
                write_beat_q <= write_end ? {BEAT_W{1'b0}} : write_beat_q + 1'b1;
                first_step_q <= write_end ? s_last_i : first_step_q;
            end
            whole_q   <= sequence_end | (whole_q & ~turn);
            reading_q <= turn | (reading_q & ~done);
            down_q    <= down_q ^ turn;
        end
    end

    lprnn_beat_ram #(
        .DEPTH    (ROWS),
        .ELEMENTS (ELEMENTS),
        .CODE_W   (CODE_W),
        .CODE_ODD (CODE_ODD),
        .STYLE    (STYLE)
    ) u_memory (
        .clk          (clk),
        .read_addr_i  (read_row),
        .data_o       (m_data_o),
        .write_i      (accept),
        .write_addr_i (write_row_q),
        .data_i       (s_data_i)
    );

    assign s_ready_o = ~whole_q & ~(reading_q & (write_row_q == read_row_q));
    assign m_valid_o = reading_q;
    assign m_last_o  = (read_row_q == read_end_q);
    assign m_fresh_o = read_first_q;

endmodule

`default_nettype wire
