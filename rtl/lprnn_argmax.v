// lprnn_argmax - the index of the largest element of a step, the lowest where several are equal.
//
//   beats of a step, ELEMENTS elements each -> [ largest of a beat ] -> [ largest so far ] -> one beat, the index
//
// A step's last beat is taken when the index before has left, or leaves in that cycle; all other beats always
// are. What a step's last beat holds beyond COUNT elements does not matter. Latency: 1 cycle from the last beat.

`default_nettype none

module lprnn_argmax #(
    parameter COUNT    = 10,  // elements of a step
    parameter ELEMENTS = 1,   // elements of a beat
    parameter WIDTH    = 20   // bits of an element, a signed number
) (
    input  wire                                             clk,
    input  wire                                             rst,
    // stream in, elements of whole bytes
    input  wire                                             s_valid_i,
    output wire                                             s_ready_o,
    input  wire [ELEMENTS*((WIDTH+7)/8)*8-1:0]              s_data_i,
    input  wire                                             s_last_i,
    input  wire                                             s_fresh_i,
    // stream out, one element of whole bytes: a signed number that is never negative
    output wire                                             m_valid_o,
    input  wire                                             m_ready_i,
    output wire [(($clog2((COUNT > 1) ? COUNT : 2)+8)/8)*8-1:0] m_data_o,
    output wire                                             m_last_o,
    output wire                                             m_fresh_o
);

    localparam ELEMENT_W = ((WIDTH + 7) / 8) * 8;
    localparam INDEX_W   = $clog2((COUNT > 1) ? COUNT : 2);
    localparam OUT_W     = ((INDEX_W + 8) / 8) * 8;
    localparam BEATS     = (COUNT + ELEMENTS - 1) / ELEMENTS;
    localparam LAST_ELEMENTS = COUNT - (BEATS - 1)*ELEMENTS;  // of a step's last beat
    localparam BEAT_W    = $clog2((BEATS > 1) ? BEATS : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];
    localparam integer ELEMENTS_INT = ELEMENTS;
    localparam [INDEX_W:0] STEP = ELEMENTS_INT[INDEX_W:0];

    reg [BEAT_W-1:0]       beat_q;
    reg [INDEX_W:0]        base_q;    // index of the beat's first element
    reg signed [WIDTH-1:0] best_q;    // largest of the step's beats so far
    reg [INDEX_W-1:0]      index_q;   // and its index
    reg                    valid_q;
    reg [INDEX_W-1:0]      result_q;
    reg                    last_q;
    reg                    fresh_q;

    wire first_beat = (beat_q == {BEAT_W{1'b0}});
    wire last_beat  = (beat_q == LAST_BEAT);

    // The largest of what came before and of this beat's elements, in their order.
    wire [(ELEMENTS+1)*WIDTH-1:0]   best;
    wire [(ELEMENTS+1)*INDEX_W-1:0] index;
    assign best[0 +: WIDTH]    = best_q;
    assign index[0 +: INDEX_W] = index_q;

    genvar e;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            localparam integer PLACE_INT = e;
            localparam [INDEX_W:0] PLACE = PLACE_INT[INDEX_W:0];
            wire signed [WIDTH-1:0] element = s_data_i[e*ELEMENT_W +: WIDTH];
            wire signed [WIDTH-1:0] earlier  = best[e*WIDTH +: WIDTH];
            wire [INDEX_W:0]        place   = base_q + PLACE;
            wire used   = (e < LAST_ELEMENTS) | ~last_beat;
            wire larger = used & (((e == 0) & first_beat) | (element > earlier));
            assign best[(e+1)*WIDTH +: WIDTH]      = larger ? element : earlier;
            assign index[(e+1)*INDEX_W +: INDEX_W] = larger ? place[INDEX_W-1:0] : index[e*INDEX_W +: INDEX_W];
        end
    endgenerate

    wire accept = s_valid_i & s_ready_o;
    wire done   = accept & last_beat;

    always @(posedge clk) begin
        if (accept) begin
            best_q  <= best[ELEMENTS*WIDTH +: WIDTH];
            index_q <= index[ELEMENTS*INDEX_W +: INDEX_W];
        end
        if (done) begin
            result_q <= index[ELEMENTS*INDEX_W +: INDEX_W];
            last_q   <= s_last_i;
            fresh_q  <= s_fresh_i;
        end
        if (rst) begin
            beat_q  <= {BEAT_W{1'b0}};
            base_q  <= {(INDEX_W+1){1'b0}};
            valid_q <= 1'b0;
        end else begin
            if (accept) begin
                beat_q <= last_beat ? {BEAT_W{1'b0}} : beat_q + 1'b1;
                base_q <= last_beat ? {(INDEX_W+1){1'b0}} : base_q + STEP;
            end
            valid_q <= done | (valid_q & ~m_ready_i);
        end
    end

    assign s_ready_o = ~last_beat | ~valid_q | m_ready_i;
    assign m_valid_o = valid_q;
    assign m_data_o  = {{(OUT_W-INDEX_W){1'b0}}, result_q};
    assign m_last_o  = last_q;
    assign m_fresh_o = fresh_q;

endmodule

`default_nettype wire
